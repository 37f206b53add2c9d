"""`doctor`: looks at everything that a run needs, and says of each thing how it stands. Changes nothing.

A check is a function that takes the case and returns what it found. One that cannot look raises, and is `unknown`.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from erp_build.doctor import account, chart, cluster, images, machine, permissions
from erp_build.doctor import checkout as sources
from erp_build.doctor import codepipeline as delivery
from erp_build.doctor.diagnosis import Area, Diagnosis, Finding, unknown
from erp_build.doctor.facts import Case
from erp_build.errors import ErpBuildError


class Check(NamedTuple):
    """A check: its name for `--only`, its area, and the function that looks."""

    name: str
    area: Area
    look: Callable[[Case], Finding]


CHECKS = (
    Check("python", "machine", machine.check_python),
    Check("git", "machine", machine.check_git),
    Check("jdk", "machine", machine.check_jdk),
    Check("maven", "machine", machine.check_maven),
    Check("engine", "machine", machine.check_engine),
    Check("helm", "machine", machine.check_helm),
    Check("disk", "machine", machine.check_disk),
    Check("memory", "machine", machine.check_memory),
    Check("git-metadata", "repository", sources.check_metadata),
    Check("clone-depth", "repository", sources.check_depth),
    Check("plain-secrets", "repository", sources.check_plain_secrets),
    Check("chart", "repository", chart.check_renders),
    Check("replicas", "repository", chart.check_replicas),
    Check("probes", "repository", chart.check_probes),
    Check("settings", "account", account.check_settings),
    Check("connection", "account", delivery.check_connection),
    Check("full-clone", "account", delivery.check_source_format),
    Check("privileged", "account", delivery.check_privileged),
    Check("project-timeout", "account", delivery.check_project_timeout),
    Check("permissions", "account", permissions.check_permissions),
    Check("latest", "account", images.check_mutability),
    Check("scan-mode", "account", images.check_scan_mode),
    Check("scan-time", "account", images.check_scan_time),
    Check("provenance", "account", images.check_provenance),
    Check("function", "account", account.check_functions),
    Check("access", "cluster", cluster.check_access),
    Check("versions", "cluster", cluster.check_versions),
    Check("release-name", "cluster", cluster.check_release_name),
    Check("release-state", "cluster", cluster.check_release_state),
    Check("dry-run", "cluster", cluster.check_dry_run),
)
"""Every check, in the order of the report."""


def examine(case: Case, only: Collection[str] = ()) -> tuple[Diagnosis, ...]:
    """Make the checks, all of them or those whose name or area is in `only`."""
    wanted = [check for check in CHECKS if not only or {check.name, check.area} & set(only)]
    return tuple(Diagnosis(name=check.name, area=check.area, finding=_look(check, case)) for check in wanted)


def _look(check: Check, case: Case) -> Finding:
    try:
        return check.look(case)
    except ErpBuildError as error:
        # Not even what was looked at is fine: it could not be looked at.
        return unknown(error.where, f"could not look: {error.what}\n{error.why}".strip(), error.next_step)
