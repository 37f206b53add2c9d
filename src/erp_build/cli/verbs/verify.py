"""`verify`: check that every pod and function runs the registry's image."""

from erp_build.changes.live_state import read_live_state
from erp_build.cli.console import Console
from erp_build.cli.options import UNIT, CommonOptions, flag
from erp_build.deployment.proof import prove_running, read_alarms, running_images
from erp_build.report.json.status import proof_document
from erp_build.report.text.status import proof_text

EXAMPLES = """\
examples:
  erp-build verify           exit 0: every pod and function runs the image that the registry has for its tag
  erp-build verify --json
"""


class Options(CommonOptions):
    """The options of `verify`."""

    json: bool = flag("--json", "print it as JSON")
    unit: str | None = UNIT


def main(options: Options, console: Console) -> None:
    """Read back every target; exit 10 if one does not run what it should."""
    with console.site(console.release(options.unit)) as site:
        proofs = prove_running(site, running_images(site, read_live_state(site)))
        alarms = read_alarms(site)
    console.show(proof_document(proofs, alarms), proof_text(proofs, alarms), as_json=options.json)
