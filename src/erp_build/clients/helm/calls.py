"""One call of the `helm` program, and what becomes of its failure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from erp_build.clients.process import Result, TimedOut, child_environment, run, tail
from erp_build.errors import ReleaseFailed
from erp_build.formats.messages.helm_message import next_step, without_notes
from erp_build.formats.transient import text_passes

HELM_CALL_TIMEOUT_S = 60.0

HELM_KILL_GRACE_S = 60.0
"""Seconds between TERM and KILL: a killed Helm leaves the release pending, so it gets time to end by itself."""


def call_helm(
    words: Sequence[str],
    what: str,
    timeout: float = HELM_CALL_TIMEOUT_S,
    cache: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Result:
    """Run Helm, without the caller's HELM_* variables, which could name another cluster.

    Raises `ReleaseFailed` if Helm is not installed or takes too long; `what` names the call in errors. Helm caches what
    it learns of a cluster in the folder `cache`; a call without a cluster needs none. `settings` are variables of Helm.
    """
    kept = {"KUBECACHEDIR": str(cache)} if cache else {}
    kept.update(settings or {})
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


def raise_for_failure(done: Result, what: str, where: str) -> None:
    """Raise `ReleaseFailed` if a call failed, with Helm's own words and what to do about them."""
    if not done.code:
        return
    said = without_notes(done.stderr)
    why = tail(said, 8) or tail(done.stdout, 3)
    raise ReleaseFailed(what, where=where, why=why, next_step=next_step(said)).passing(if_so=text_passes(why))
