"""`status`: what runs now."""

import argparse
import json

from erp_build.commands.console import Console
from erp_build.render.json import status_document
from erp_build.render.text import status_text
from erp_build.stages.live import read_live_state
from erp_build.stages.settings import read_environment
from erp_build.tools.effects import Journal
from erp_build.wiring import open_tools

EXAMPLES = """\
examples:
  erp-build status
  erp-build status --json | jq '.targets[] | {name, commit}'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `status`."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def main(options: argparse.Namespace, console: Console) -> int:
    """Print what runs of each target."""
    project = console.project()
    with open_tools(
        console.root, clock=console.clock, progress=console.progress, secrets=console.secrets, journal=Journal()
    ) as tools:
        live = read_live_state(tools, project, read_environment(tools, project))
    console.print(json.dumps(status_document(live), ensure_ascii=False) if options.json else status_text(live))
    return 0
