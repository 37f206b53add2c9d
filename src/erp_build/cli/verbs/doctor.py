"""`doctor`: check whether machine, repository, account and cluster are ready for a run."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from erp_build.cli.console import Console
from erp_build.cli.options import UNIT, CommonOptions, file_option, flag, option
from erp_build.doctor.diagnosis import AREAS, has_problem
from erp_build.errors import ConfigurationError, ErpBuildError, did_you_mean
from erp_build.report.text.doctor import doctor_document, doctor_text

if TYPE_CHECKING:
    from erp_build.doctor.facts import Facts
    from erp_build.doctor.protocols import Remote

FOUND_A_PROBLEM = 2
REMOTE_AREAS = ("account", "cluster")

RIGHTS = "rights"
"""The check whose file `--write` writes."""

EXAMPLES = """\
examples:
  erp-build doctor
  erp-build doctor --only machine --only repository     no credentials are needed for these
  erp-build doctor --only files                         what erp-build.toml names, target by target; offline
  erp-build doctor --only connection --pipeline erp-unified-pipeline
  erp-build doctor --only rights --write access.yaml    every right that the chart needs in the cluster, as RBAC
  erp-build doctor --json | jq '.checks[] | select(.state == "problem")'

It changes nothing, and writes no file but that of --write. Each check is ok, a warning (a run works), a problem (a run
fails or does something unwanted) or unknown (the check could not look, and says why). Exit code: 0 without a problem, 2
with one. docs/doctor.md describes each check.
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
    write: Path | None = file_option(
        "--write",
        "with the check `rights`: write the RBAC that gives the role of a run what the chart needs, for kubectl apply",
    )
    pipeline: str = option(
        "--pipeline",
        default="",
        metavar="NAME",
        help="the pipeline in CodePipeline (default: that of this build, else <project-name>-unified-pipeline)",
    )
    unit: str | None = UNIT


def main(options: Options, console: Console) -> int:
    """Run the checks and print their results."""
    from erp_build.doctor.examine import CHECKS, examine, wanted
    from erp_build.doctor.facts import Facts
    from erp_build.wiring import doctor_local, open_doctor_remote

    _refuse_unknown(options.only, {*AREAS, *(check.name for check in CHECKS)})
    if options.write and options.only and not {RIGHTS, "cluster"} & set(options.only):
        raise ConfigurationError(
            "--write needs the check `rights`", where="--write", next_step="erp-build doctor --only rights --write FILE"
        )
    project = console.release(options.unit)
    asks = any(check.area in REMOTE_AREAS and wanted(check, options.only) for check in CHECKS)
    with ExitStack() as stack:
        remote: Remote | ErpBuildError = ConfigurationError("nobody asked for the account")
        try:
            if asks:
                remote = open_doctor_remote(stack.enter_context(console.clients(project)), project.build)
        except ConfigurationError as error:
            # Without credentials the machine and the repository can still be checked.
            remote = error
        local = doctor_local(console.root, console.secrets, project.build)
        facts = Facts(project=project, local=local, account=remote, variables=os.environ, named=options.pipeline)
        diagnoses = examine(facts, options.only)
        console.show(doctor_document(diagnoses), doctor_text(diagnoses), as_json=options.json)
        if options.write:
            _write_rights(facts, options.write, console)
    return FOUND_A_PROBLEM if has_problem(diagnoses) else 0


def _write_rights(facts: "Facts", path: Path, console: Console) -> None:
    from erp_build.clients.files.atomic import write_file
    from erp_build.doctor.rights import rights_file

    found = rights_file(facts, str(path))
    write_file(path, found.text.encode(), "the file of the rights")
    for note in found.notes:
        console.progress.say(note)
    console.progress.say(f"written: {path}; whoever administrates the cluster: kubectl apply --filename {path}")


def _refuse_unknown(asked: list[str], known: set[str]) -> None:
    for name in asked:
        if name not in known:
            raise ConfigurationError(
                f"there is no check and no area `{name}`",
                where="--only",
                next_step=did_you_mean(name, known, f"one of: {', '.join(sorted(known))}"),
            )
