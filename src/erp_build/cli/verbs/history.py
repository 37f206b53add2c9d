"""`history`: what was deployed, when, and by which build."""

from erp_build.cli.console import Console
from erp_build.cli.options import CHART, CommonOptions, flag
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
    chart: str | None = CHART


def main(options: Options, console: Console) -> None:
    """Print Helm's history and the ledger of deployments."""
    with console.site(console.unit(options.chart)) as site:
        history, entries = site.clients.helm.history(site.release), past_deployments(site)
        standing = read_standing(site, history, entries)
    console.show(
        history_document(history, entries, standing), history_text(history, entries, standing), as_json=options.json
    )
