"""One call of the `helm` program, without the caller's HELM_* variables, which could name another cluster."""

from collections.abc import Sequence
from pathlib import Path

from erp_build.clients.process import Result, TimedOut, child_environment, run, tail
from erp_build.errors import ReleaseFailed
from erp_build.formats.helm_message import next_step, without_notes

HELM_CALL_TIMEOUT_S = 60.0
OLDEST_HELM = (3, 14)
"""The oldest version that knows all options used here."""

HELM_KILL_GRACE_S = 60.0
"""Seconds between TERM and KILL: a killed Helm leaves the release pending, so it gets time to end by itself."""


def call_helm(
    words: Sequence[str], what: str, timeout: float = HELM_CALL_TIMEOUT_S, cache: Path | None = None
) -> Result:
    """Run Helm and wait for it; raises `ReleaseFailed` if Helm is not installed or takes too long.

    `what` names the call in errors. Helm caches what it learns of a cluster in the folder `cache`; a call without a
    cluster needs none.
    """
    kept = {"KUBECACHEDIR": str(cache)} if cache else {}
    try:
        return run(["helm", *words], env=child_environment("AWS_", **kept), timeout=timeout, grace=HELM_KILL_GRACE_S)
    except FileNotFoundError as error:
        raise ReleaseFailed(
            "there is no Helm", where="PATH", why=str(error), next_step="install Helm 3.14 or newer, or Helm 4"
        ) from error
    except TimedOut as error:
        raise ReleaseFailed(
            f"Helm took too long: {what}", where="helm", why=f"{error}\n{tail(error.tail)}", next_step="run again"
        ) from error


def raise_for_helm_failure(done: Result, what: str, where: str) -> None:
    """Raise `ReleaseFailed` if a call failed, with Helm's own words and what to do about them."""
    if not done.code:
        return
    why = tail(without_notes(done.stderr), 8) or tail(done.stdout, 3)
    raise ReleaseFailed(what, where=where, why=why, next_step=next_step(done.stderr))
