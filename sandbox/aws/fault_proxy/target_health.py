"""Targets of load balancers. The sandbox has no controller that registers any, so a test says what there is."""

from collections.abc import Mapping
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from aiohttp import web

NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
DESCRIBE_TARGET_HEALTH = "DescribeTargetHealth"
UNHEALTHY = "<Reason>Target.Timeout</Reason><Description>Request timed out</Description>"


class Targets:
    """Target groups and their targets; a group that nobody has named has none."""

    def __init__(self) -> None:
        self.groups: dict[str, Mapping[str, str]] = {}

    def register(self, group: str, states: Mapping[str, str]) -> None:
        """Let a group, by its ARN, have these targets: address and port, as `10.0.0.7:8080` -> state."""
        self.groups[group] = states

    def describe(self, body: bytes) -> web.Response:
        """The answer to DescribeTargetHealth."""
        (group,) = parse_qs(body.decode()).get("TargetGroupArn", [""])
        members = "".join(_member(name, state) for name, state in self.groups.get(group, {}).items())
        text = (
            f'<{DESCRIBE_TARGET_HEALTH}Response xmlns="{NAMESPACE}"><{DESCRIBE_TARGET_HEALTH}Result>'
            f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>"
            f"</{DESCRIBE_TARGET_HEALTH}Result></{DESCRIBE_TARGET_HEALTH}Response>"
        )
        return web.Response(text=text, content_type="text/xml")


def _member(name: str, state: str) -> str:
    address, _, port = name.rpartition(":")
    target = f"<Target><Id>{escape(address)}</Id><Port>{port}</Port></Target>"
    why = UNHEALTHY if state == "unhealthy" else ""
    return f"<member>{target}<TargetHealth><State>{escape(state)}</State>{why}</TargetHealth></member>"
