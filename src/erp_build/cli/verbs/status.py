"""`status`: what runs now, whether that was proven, and what was changed by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from erp_build.changes.live_state import read_live_state
from erp_build.cli.console import Console
from erp_build.cli.each_unit import show_each
from erp_build.cli.options import UNIT, CommonOptions, flag
from erp_build.clients.site import Site
from erp_build.deployment.checks.settled import read_settled_state
from erp_build.deployment.checks.well import held_by_another, what_is_wrong, worst_of
from erp_build.deployment.ledger import entries_of
from erp_build.deployment.status import past_deployments, read_standing, read_status
from erp_build.errors import ErpBuildError, StatusUnread
from erp_build.report.json.status import status_document
from erp_build.report.text.status import status_text

EXAMPLES = """\
examples:
  erp-build status
  erp-build status --json | jq '.targets[] | {name, commit, drift}'
  erp-build status --exit-code >/dev/null || echo "not well: $?"

Drift is what was changed by hand: an image, the number of pods, any field that the release sets, a missing Deployment,
or a function whose image is not that of the last deployment. Values of environment variables are not shown.
"Proven" is what a run or a rollback has read back from every pod and function, and written down beside the lock.

--exit-code: 0 all is well: proven, unchanged and healthy, where pods that start have a minute to get ready; 10 a
deployment failed, or what runs was never proven; 11 a run holds the lock, so that what runs is changing; 14 something
runs that is not what was recorded; 15 it cannot be read. 2 is a mistake in the call or in erp-build.toml. Of several
the first of 15, 11, 10, 14 counts.
"""


class Shown(NamedTuple):
    """What a unit runs, as a document and as a text, and what is not well with it."""

    document: dict[str, Any]
    text: str
    wrong: ErpBuildError | None = None


class Options(CommonOptions):
    """The options of `status`."""

    exit_code: bool = flag("--exit-code", "leave with 10, 11, 14 or 15 where not all is well")
    json: bool = flag("--json", "print it as JSON")
    unit: str | None = UNIT


def main(options: Options, console: Console) -> None:
    """Print what each target runs, and its drift; of several units one after the other."""
    if options.exit_code:
        # A mistake of the caller is told as that, before anything is read.
        _ = console.unit(options.unit) if options.unit else console.project()
    wrong: list[ErpBuildError] = []

    def forms(site: Site) -> tuple[dict[str, Any], str]:
        shown = _shown(site, judged=options.exit_code)
        if shown.wrong:
            wrong.append(shown.wrong)
        return shown.document, shown.text

    with _unread_is_told(wanted=options.exit_code):
        show_each(console, options.unit, forms, as_json=options.json)
    if worst := worst_of(wrong):
        raise worst


def _shown(site: Site, *, judged: bool) -> Shown:
    """What a unit runs; `judged`: also what is not well with it, for which its lock and ledger must be readable."""
    # A run that ends meanwhile leaves what was read before its end and a ledger from behind it, which do not fit.
    began = site.clients.leases.read(site.release) if judged else None
    live = read_settled_state(site) if judged else read_live_state(site)
    statuses = read_status(site, live)
    # Without the exit code a ledger that cannot be read is only said.
    reading = site.clients.leases.read(site.release) if judged else None
    entries = entries_of(reading) if reading else past_deployments(site)
    standing = read_standing(site, site.clients.helm.history(site.release), entries)
    text = status_text(live, statuses, standing, has_release=site.project.has_release)
    shown = Shown(status_document(live, statuses, standing), text)
    if began is None or reading is None:
        return shown
    held = held_by_another(site.release, began) or held_by_another(site.release, reading)
    return shown._replace(wrong=held or what_is_wrong(site.project, str(site.release), live, statuses, standing))


@contextmanager
def _unread_is_told(*, wanted: bool) -> Iterator[None]:
    """Give whatever keeps the status from being read the exit code of that, where the caller asks for exit codes."""
    try:
        yield
    except ErpBuildError as error:
        if not wanted:
            raise
        raise StatusUnread(error.what, where=error.where, why=error.why, next_step=error.next_step) from error
