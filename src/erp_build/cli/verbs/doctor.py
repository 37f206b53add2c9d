"""`doctor`: check whether machine, repository, account and cluster are ready for a run."""

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions, flag, option
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

It changes nothing. Each check is ok, a warning (a run works), a problem (a run fails or does something unwanted) or
unknown (the check could not look, and says why). Exit code: 0 without a problem, 2 with one. docs/doctor.md describes
each check.
"""


class Options(CommonOptions):
    """The options of `doctor`."""

    json: bool = flag("--json", "print it as JSON")
    only: list[str] = option(
        "--only",
        default=[],
        action="append",
        metavar="AREA|CHECK",
        help=f"only these checks: an area ({', '.join(AREAS)}) or the name of a check; more than once",
    )
    pipeline: str = option(
        "--pipeline",
        default="",
        metavar="NAME",
        help="the pipeline in CodePipeline (default: that of this build, else <project-name>-unified-pipeline)",
    )


def main(options: Options, console: Console) -> int:
    """Run the checks and print their results."""
    from erp_build.doctor.examine import CHECKS, examine
    from erp_build.doctor.facts import Facts
    from erp_build.wiring import doctor_local, open_doctor_remote

    _refuse_unknown(options.only, {*AREAS, *(check.name for check in CHECKS)})
    project = console.project()
    with ExitStack() as stack:
        remote: Remote | ErpBuildError
        try:
            remote = open_doctor_remote(stack.enter_context(console.clients()))
        except ConfigurationError as error:
            # Without credentials the machine and the repository can still be checked.
            remote = error
        local = doctor_local(console.root, console.secrets)
        facts = Facts(project=project, local=local, account=remote, variables=os.environ, named=options.pipeline)
        diagnoses = examine(facts, options.only)
    console.show(doctor_document(diagnoses), doctor_text(diagnoses), as_json=options.json)
    return FOUND_A_PROBLEM if has_problem(diagnoses) else 0


def _refuse_unknown(asked: list[str], known: set[str]) -> None:
    for name in asked:
        if name not in known:
            raise ConfigurationError(
                f"there is no check and no area `{name}`",
                where="--only",
                next_step=did_you_mean(name, known, f"one of: {', '.join(sorted(known))}"),
            )
