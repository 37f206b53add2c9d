"""The acts of the demo: what each one commits, and what a right run makes of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.sample import erp_commits

CRITICAL = {
    "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
    "imageScanFindings": {
        "imageScanCompletedAt": 4_102_444_800,  # behind every push, so that nobody waits for a newer result
        "findingSeverityCounts": {"CRITICAL": 1},
        "findings": [
            {
                "name": "CVE-2021-44228",
                "severity": "CRITICAL",
                "attributes": [{"key": "package_name", "value": "log4j-core"}],
            }
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Act:
    """One run of the demo: a commit, and what a right run makes of it.

    Attributes:
        name: also the name of its report.
        title: what the reader is told.
        change: makes the commit; None for the sample's first one.
        built: targets that are built.
        redeployed: services that are deployed again with the image they run.
        upgrades: whether the release gets a new revision.
        pods: how many each service has afterwards.
    """

    name: str
    title: str
    change: Callable[[Path], str] | None
    built: frozenset[str] = frozenset()
    redeployed: frozenset[str] = frozenset()
    upgrades: bool = True
    pods: int = 2


SERVICES = frozenset({"approval-request-service", "approval-processing-service", "notification-service"})
EMPLOYEE = "employee-service"

ACTS = (
    Act("1-first", "the first deployment builds everything", None, built=SERVICES | {EMPLOYEE}),
    Act(
        "2-service",
        "a change of one EKS service builds that one",
        lambda repo: erp_commits.change_service(repo, "notification-service"),
        built=frozenset({"notification-service"}),
    ),
    Act(
        "3-function",
        "a change of the employee service updates Lambda alone",
        erp_commits.change_employee,
        built=frozenset({EMPLOYEE}),
        upgrades=False,
    ),
    Act(
        "4-replicas",
        "replicaCount 2 -> 3 deploys all services again and builds none",
        lambda repo: erp_commits.change_replicas(repo, 3),
        redeployed=SERVICES,
        pods=3,
    ),
)

BEHIND_THE_LAMBDA_HALF = replace(ACTS[0], title="the rest of the first deployment", built=SERVICES)
"""The first act where the function runs the first commit already."""
