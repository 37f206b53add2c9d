"""`doctor`: whether machine, repository, account and cluster are as a run needs them."""

import argparse
import json
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from erp_build.cli.console import Console
from erp_build.doctor.diagnosis import AREAS, has_problem
from erp_build.errors import ConfigurationError, ErpBuildError, did_you_mean
from erp_build.report.text.doctor import doctor_document, doctor_text

if TYPE_CHECKING:
    from erp_build.doctor.protocols import Remote

FOUND_A_PROBLEM = 2

EXAMPLES = """\
examples:
  erp-build doctor
  erp-build doctor --only machine --only repository     no credentials are needed for these
  erp-build doctor --only connection --pipeline erp-unified-pipeline
  erp-build doctor --json | jq '.checks[] | select(.state == "problem")'

It changes nothing. Each check is ok, a warning (a run works), a problem (a run fails, or does what nobody wants), or
unknown: it could not look, and says why. Exit code: 0 without a problem, 2 with one. docs/doctor.md tells of each.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `doctor`."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="AREA|CHECK",
        help=f"only these checks: an area ({', '.join(AREAS)}) or the name of a check; more than once",
    )
    parser.add_argument(
        "--pipeline",
        default="",
        metavar="NAME",
        help="the pipeline in CodePipeline (default: that of this build, else <project-name>-unified-pipeline)",
    )


def main(options: argparse.Namespace, console: Console) -> int:
    """Make the checks and print what they found."""
    from erp_build.doctor.examine import CHECKS, examine
    from erp_build.doctor.facts import Case
    from erp_build.wiring import doctor_local, open_doctor_remote

    _refuse_unknown(options.only, {*AREAS, *(check.name for check in CHECKS)})
    project = console.project()
    with ExitStack() as stack:
        remote: Remote | ErpBuildError
        try:
            remote = stack.enter_context(
                open_doctor_remote(console.root, console.clock, console.progress, console.secrets)
            )
        except ConfigurationError as error:
            # Without credentials there is still the machine and the repository to look at.
            remote = error
        local = doctor_local(console.root, console.secrets)
        case = Case(project, local, remote, variables=os.environ, pipeline=options.pipeline)
        diagnoses = examine(case, options.only)
    found = doctor_document(diagnoses)
    console.print(json.dumps(found, ensure_ascii=False) if options.json else doctor_text(diagnoses))
    return FOUND_A_PROBLEM if has_problem(diagnoses) else 0


def _refuse_unknown(asked: list[str], known: set[str]) -> None:
    for name in asked:
        if name not in known:
            raise ConfigurationError(
                f"there is no check and no area `{name}`",
                where="--only",
                next_step=did_you_mean(name, known, f"one of: {', '.join(sorted(known))}"),
            )
