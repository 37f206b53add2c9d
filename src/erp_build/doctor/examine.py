"""The list of the doctor's checks, and the loop that runs them. They change nothing.

A check is a function from `Facts` to a `CheckResult`. A check that raises one of our errors could not look, and is
`unknown`.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from erp_build.doctor import account, bases, cluster, files, images, lifecycle, machine, repository, rights
from erp_build.doctor.diagnosis import Area, CheckResult, Diagnosis, Look
from erp_build.doctor.facts import Facts
from erp_build.doctor.projects import bake, permissions, workers
from erp_build.errors import ErpBuildError


class DoctorCheck(NamedTuple):
    """A check: its name for `--only`, its area, and the function that looks."""

    name: str
    area: Area
    look: Callable[[Facts], CheckResult]


CHECKS = (
    DoctorCheck("python", "machine", machine.check_python),
    DoctorCheck("git", "machine", machine.check_git),
    DoctorCheck("jdk", "machine", machine.check_jdk),
    DoctorCheck("maven", "machine", machine.check_maven),
    DoctorCheck("engine", "machine", machine.check_engine),
    DoctorCheck("engine-needs", "machine", machine.check_engine_needs),
    DoctorCheck("helm", "machine", machine.check_helm),
    DoctorCheck("disk", "machine", machine.check_disk),
    DoctorCheck("memory", "machine", machine.check_memory),
    DoctorCheck("git-metadata", "repository", repository.check_metadata),
    DoctorCheck("clone-depth", "repository", repository.check_depth),
    DoctorCheck("plain-secrets", "repository", repository.check_plain_secrets),
    DoctorCheck("files", "repository", files.check_files),
    DoctorCheck("chart", "repository", repository.check_renders),
    DoctorCheck("replicas", "repository", repository.check_replicas),
    DoctorCheck("probes", "repository", repository.check_probes),
    DoctorCheck("settings", "account", account.check_settings),
    DoctorCheck("connection", "account", account.check_connection),
    DoctorCheck("full-clone", "account", account.check_source_format),
    DoctorCheck("other-pipelines", "account", account.check_other_pipelines),
    DoctorCheck("privileged", "account", account.check_privileged),
    DoctorCheck("project-timeout", "account", account.check_project_timeout),
    DoctorCheck("bake", "account", bake.check_bake),
    DoctorCheck("permissions", "account", permissions.check_permissions),
    DoctorCheck("workers", "account", workers.check_workers),
    DoctorCheck("worker-permissions", "account", permissions.check_worker_permissions),
    DoctorCheck("base-images", "account", bases.check_base_images),
    DoctorCheck("latest", "account", images.check_mutability),
    DoctorCheck("scan-mode", "account", images.check_scan_mode),
    DoctorCheck("scan-time", "account", images.check_scan_time),
    DoctorCheck("provenance", "account", images.check_provenance),
    DoctorCheck("lifecycle", "account", lifecycle.check_lifecycle),
    DoctorCheck("function", "account", account.check_functions),
    DoctorCheck("access", "cluster", cluster.check_access),
    DoctorCheck("rights", "cluster", rights.check_rights),
    DoctorCheck("versions", "cluster", cluster.check_versions),
    DoctorCheck("release-name", "cluster", cluster.check_release_name),
    DoctorCheck("release-state", "cluster", cluster.check_release_state),
    DoctorCheck("dry-run", "cluster", cluster.check_dry_run),
)
"""Every check, in the order of the report."""


def examine(facts: Facts, only: Collection[str] = ()) -> tuple[Diagnosis, ...]:
    """Run the checks: all of them, or those whose name or area is in `only`."""
    asked = [check for check in CHECKS if wanted(check, only)]
    return tuple(Diagnosis(name=check.name, area=check.area, result=_look(check, facts)) for check in asked)


def wanted(check: DoctorCheck, only: Collection[str]) -> bool:
    """Whether a check was asked for by its name or area; without any, all are."""
    return not only or bool({check.name, check.area} & set(only))


def _look(check: DoctorCheck, facts: Facts) -> CheckResult:
    try:
        return check.look(facts)
    except ErpBuildError as error:
        # Not even `ok` for what was seen: the check could not finish.
        return Look(error.where).unknown(f"could not look: {error.what}\n{error.why}".strip(), error.next_step)
