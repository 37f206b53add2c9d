"""Load balancers and the checks of a bake in memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from erp_build.clients.kubernetes.connection import Refused
from erp_build.errors import ConfigurationError
from erp_build.model.releases.bake import TargetHealth
from erp_build.model.releases.release import Release

GROUP = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/erp-dev-{}/0a1b2c3d4e5f6071"


class FakeHealth:
    """What is asked in a bake beside the cluster and the alarms.

    Attributes:
        groups: ARN of a target group -> target -> its state.
        changes: ARN -> states that the next readings show, one reading each; the last one stays.
        wrong: address, or first word of a program -> what is wrong with it.
        answers: says what is wrong with an address; None: what `wrong` has.
        denied: whether targets may not be read.
        asked: what was asked, in order.
    """

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, str]] = {}
        self.changes: dict[str, list[dict[str, str]]] = {}
        self.wrong: dict[str, str] = {}
        self.answers: Callable[[str], str] | None = None
        self.denied = False
        self.asked: list[str] = []

    def watched(self, seconds: float) -> float:
        """All of it."""
        return seconds

    def targets(self, group: str) -> tuple[TargetHealth, ...]:
        """The targets of a group."""
        self.asked.append(group)
        if self.denied:
            raise ConfigurationError("elasticloadbalancing:DescribeTargetHealth is not allowed", where=group)
        if states := self.changes.get(group):
            self.groups[group] = states.pop(0)
        return tuple(
            TargetHealth(name, state, "" if state == "healthy" else "Target.Timeout: Request timed out")
            for name, state in self.groups.get(group, {}).items()
        )

    def http(self, address: str) -> str:
        """What is wrong with an address."""
        self.asked.append(address)
        return self.answers(address) if self.answers else self.wrong.get(address, "")

    def command(self, argv: Sequence[str]) -> str:
        """What is wrong with a program."""
        self.asked.append(argv[0])
        return self.wrong.get(argv[0], "")


class FakeBindings:
    """The TargetGroupBindings of a namespace.

    Attributes:
        bindings: as the API has them; None: they may not be listed.
    """

    bindings: Sequence[Mapping[str, Any]] | None = ()

    def target_bindings(self, release: Release) -> tuple[Mapping[str, Any], ...]:  # noqa: ARG002 - the protocol's
        if self.bindings is None:
            raise Refused("the cluster answered 403 Forbidden", why="cannot list targetgroupbindings")
        return tuple(self.bindings)


def service(name: str, kind: str = "ClusterIP") -> dict[str, Any]:
    """A Service as a manifest has it."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"type": kind}}


def binding(name: str, of: str, group: str = "", namespace: str = "") -> dict[str, Any]:
    """A TargetGroupBinding of a Service."""
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "elbv2.k8s.aws/v1beta1",
        "kind": "TargetGroupBinding",
        "metadata": {"name": name, **place},
        "spec": {"serviceRef": {"name": of, "port": 80}, **({"targetGroupARN": group} if group else {})},
    }
