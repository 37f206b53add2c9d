"""Why an image cannot be pulled, and what to do about it, by what the engine or BuildKit says."""

import re

from erp_build.formats.access_denied import read_denial
from erp_build.formats.image_name import DOCKER_HUB, PUBLIC_ECR, ecr_host, host_of
from erp_build.formats.messages import catalogue

ADDRESS = re.compile(r"https?://(?P<host>[^/\s\"]{1,255})/v2\b")
NAMED = re.compile(
    r"(?:pull access denied for|manifest for|metadata for|pull token for|failed to solve:|repository)\s"
    r"\"?(?P<image>[a-z0-9][\w.:/@-]{0,255}[\w])"
)
ANY_REGISTRY = "other"


def pull_hint(message: str, image: str = "") -> str:
    """What to do about a refused pull; empty where the message is about something else.

    Args:
        message: of the engine, of BuildKit, or of a registry behind them.
        image: what was pulled; empty: the message may name it.
    """
    lowered = message.lower()
    cause = next((one for one in catalogue("pull").values() if any(sign in lowered for sign in one["signs"])), None)
    if cause is None:
        return ""
    host = _host(message, image)
    if denial := read_denial(message):
        foreign = "; a repository of another account must allow it in its own policy as well" if ecr_host(host) else ""
        return f"{denial.next_step}{foreign}"
    words: str = cause.get(_kind(host)) or cause[ANY_REGISTRY]
    return words.format(host=host or "the registry")


def _host(message: str, image: str) -> str:
    """The registry's host; empty where nobody names it."""
    if image:
        return host_of(image)
    if found := ADDRESS.search(message):
        return host_of(f"{found['host']}/x")
    named = NAMED.search(message)
    return host_of(named["image"]) if named else ""


def _kind(host: str) -> str:
    if ecr_host(host):
        return "ecr"
    return {DOCKER_HUB: "hub", PUBLIC_ECR: "public"}.get(host, ANY_REGISTRY)
