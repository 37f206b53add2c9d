"""One call of the `helm` program, without the caller's HELM_* variables."""

from collections.abc import Sequence
from pathlib import Path

from erp_build.errors import ReleaseFailed
from erp_build.tools.process import Result, TimedOut, child_environment, run, tail

CHECK_SECONDS = 60.0
OLDEST = (3, 14)
"""The oldest version whose options are those that are used here."""

GRACE = 60.0
"""Seconds between TERM and KILL: a Helm that is killed leaves the release pending."""


def call_helm(words: Sequence[str], what: str, timeout: float = CHECK_SECONDS) -> Result:
    """Run Helm and wait for it; `what` names the call for errors. Raises `ReleaseFailed` without Helm or in time."""
    try:
        return run(["helm", *words], env=child_environment("AWS_", **_caches(words)), timeout=timeout, grace=GRACE)
    except FileNotFoundError as error:
        raise ReleaseFailed(
            "there is no Helm", where="PATH", why=str(error), next_step="install Helm 3.14 or newer, or Helm 4"
        ) from error
    except TimedOut as error:
        raise ReleaseFailed(
            f"Helm took too long: {what}", where="helm", why=f"{error}\n{tail(error.tail)}", next_step="run again"
        ) from error


def _caches(words: Sequence[str]) -> dict[str, str]:
    """Beside the run's own kubeconfig: at home it would be a write, and may be of what a cluster was on another day."""
    if "--kubeconfig" not in words:
        return {}
    return {"KUBECACHEDIR": str(Path(words[words.index("--kubeconfig") + 1]).with_name("helm-cache"))}
