"""`history`: what was deployed, when, and by which build."""

from typing import Any

from erp_build.cli.console import Console
from erp_build.cli.each_unit import show_each
from erp_build.cli.options import UNIT, CommonOptions, flag
from erp_build.clients.site import Site
from erp_build.deployment.status import past_deployments, read_standing
from erp_build.report.json.status import history_document
from erp_build.report.text.status import history_text

EXAMPLES = """\
examples:
  erp-build history
  erp-build history --json | jq '.deployments[] | {at, commit, outcome}'

The revisions are Helm's own. The deployments are what each run recorded beside the lock, including those of Lambda
alone. "deployed" and "rolled back" were proven; one that is still "begun" was cut off.
"""


class Options(CommonOptions):
    """The options of `history`."""

    json: bool = flag("--json", "print it as JSON")
    unit: str | None = UNIT


def main(options: Options, console: Console) -> None:
    """Print Helm's history and the ledger of deployments; of several units one after the other."""
    show_each(console, options.unit, _forms, as_json=options.json)


def _forms(site: Site) -> tuple[dict[str, Any], str]:
    """The history of a unit, as a document and as a text."""
    history, entries = site.clients.helm.history(site.release), past_deployments(site)
    standing = read_standing(site, history, entries)
    text = history_text(history, entries, standing, has_release=site.project.has_release)
    return history_document(history, entries, standing), text
