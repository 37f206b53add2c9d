"""`status`: what runs now, whether that was proven, and what was changed by hand."""

from typing import Any

from erp_build.changes.live_state import read_live_state
from erp_build.cli.console import Console
from erp_build.cli.each_unit import show_each
from erp_build.cli.options import UNIT, CommonOptions, flag
from erp_build.clients.site import Site
from erp_build.deployment.status import past_deployments, read_standing, read_status
from erp_build.report.json.status import status_document
from erp_build.report.text.status import status_text

EXAMPLES = """\
examples:
  erp-build status
  erp-build status --json | jq '.targets[] | {name, commit, drift}'

Drift is what was changed by hand: an image, the number of pods, any field that the release sets, a missing Deployment,
or a function whose image is not that of the last deployment. Values of environment variables are not shown.
"Proven" is what a run or a rollback has read back from every pod and function, and written down beside the lock.
"""


class Options(CommonOptions):
    """The options of `status`."""

    json: bool = flag("--json", "print it as JSON")
    unit: str | None = UNIT


def main(options: Options, console: Console) -> None:
    """Print what each target runs, and its drift; of several units one after the other."""
    show_each(console, options.unit, _forms, as_json=options.json)


def _forms(site: Site) -> tuple[dict[str, Any], str]:
    """What a unit runs, as a document and as a text."""
    live = read_live_state(site)
    statuses = read_status(site, live)
    standing = read_standing(site, site.clients.helm.history(site.release), past_deployments(site))
    text = status_text(live, statuses, standing, has_release=site.project.has_release)
    return status_document(live, statuses, standing), text
