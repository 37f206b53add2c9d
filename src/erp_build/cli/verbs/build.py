"""`build`: images for what has none yet, and nothing else."""

import os
from pathlib import Path

from erp_build import pipeline
from erp_build.changes.make_plan import names_to_rebuild, require_names
from erp_build.cli.console import Console
from erp_build.cli.options import REBUILD_IMAGES, TIMEOUT, CommonOptions, file_option, flag, option
from erp_build.cli.reported import REPORT, Reported
from erp_build.model.choice import ONLY, Choice
from erp_build.model.project import Project
from erp_build.run_options import Options as RunOptions

EXAMPLES = """\
examples:
  erp-build build                     an image of every service and function whose content has none
  erp-build build --only NAME NAME    of these
  erp-build build --rehearse          look in the registry, say what would be built

No scan is judged, nothing is deployed, and no lock is taken: a later run finds the images by their content keys.
"""


class Options(CommonOptions):
    """The options of `build`."""

    only: list[str] | None = option(
        ONLY, metavar="NAME", nargs="+", action="extend", help="these services and functions (default: all)"
    )
    rehearse: bool = flag("--rehearse", "read for real, assume every change")
    head: str | None = option("--head", metavar="REV", help="the commit that is checked out (default: found)")
    rebuild: list[str] | None = REBUILD_IMAGES
    timeout: float = TIMEOUT
    report: Path | None = file_option("--report", f"the report (default: {REPORT} in the repository)")
    json: bool = flag("--json", "print the report as JSON")


def main(options: Options, console: Console) -> None:
    """Build the images. The report is written however it ends."""
    reported = Reported(options, console, images_only=True)
    reported.do(lambda project: _build(options, reported, project))


def _build(options: Options, reported: Reported, project: Project) -> None:
    only = require_names(project, ONLY, options.only or [target.name for target in project.image_targets])
    choices = RunOptions(
        variables=dict(os.environ),
        head=options.head,
        rebuild=names_to_rebuild(project, options.rebuild, Choice(frozenset(only))),
    )
    with reported.clients(project) as clients:
        pipeline.build(project, clients, choices, reported.run, only)
