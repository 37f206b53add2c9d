"""`make demo`: five commits of the sample, five runs, and after each one the proof, read back from the world itself."""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import readback, runner, sample, tenant
from sandbox.faults import Faults
from sandbox.layout import OUT
from sandbox.tenant import Tenant

CRITICAL = {
    "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
    "imageScanFindings": {
        "imageScanCompletedAt": 1_767_225_600,
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


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo is played: the tenant, the folder of its reports, and which Helm."""

    erp: Tenant
    folder: Path
    helm: int

    @property
    def repository(self) -> Path:
        """The sample as a repository."""
        return self.folder / "erp"


SERVICES = frozenset({"approval-request-service", "approval-processing-service", "notification-service"})
EMPLOYEE = "employee-service"

ACTS = (
    Act("1-first", "the first deployment builds everything", None, built=SERVICES | {EMPLOYEE}),
    Act(
        "2-service",
        "a change of one EKS service builds that one",
        lambda repo: sample.change_service(repo, "notification-service"),
        built=frozenset({"notification-service"}),
    ),
    Act(
        "3-function",
        "a change of the employee service updates Lambda alone",
        sample.change_employee,
        built=frozenset({EMPLOYEE}),
        upgrades=False,
    ),
    Act(
        "4-replicas",
        "replicaCount 2 -> 3 deploys all services again and builds none",
        lambda repo: sample.change_replicas(repo, 3),
        redeployed=SERVICES,
        pods=3,
    ),
)


def main() -> int:
    """Play the demo with Helm 3; returns 0 when everything was as it must be, and raises `AssertionError` when not."""
    start = time.monotonic()
    play(sample.DEFAULT_TENANT, OUT)
    print(f"\nThe demo is right in every point ({time.monotonic() - start:.0f} s). Reports: {OUT}/*.json")
    return 0


def play(name: str, folder: Path, helm: int = 3, settings: Mapping[str, str] = sample.NONE) -> Tenant:
    """Play all acts for a tenant of this name, which is made anew and left as the last act leaves it.

    Args:
        name: of the tenant.
        folder: made anew; afterwards it holds a report per act, and in `erp` the sample as a Git repository.
        helm: 3 or 4.
        settings: what the sample's erp-build.toml says otherwise, as `sample.make_repository` takes it.
    """
    erp = tenant.create(name)
    Faults().clear()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sample.make_repository(folder / "erp", name, settings)
    stage = Stage(erp, folder, helm)
    for act in ACTS:
        _play(act, stage)
    _play_blocked(stage)
    return erp


def _play(act: Act, stage: Stage) -> None:
    _headline(act.name, act.title)
    before = readback.snapshot(stage.erp, stage.repository)
    commit = act.change(stage.repository) if act.change else _head(stage.repository)
    done = _run(act.name, stage)
    _expect(done.code == 0, f"exit code {done.code}")
    after = readback.snapshot(stage.erp, stage.repository)
    targets = {item["name"]: item for item in done.report["targets"]}
    _expect(_named(targets, "build") == act.built, f"built: {sorted(act.built)}")
    _expect(_named(targets, "redeploy") - {"helm-chart"} == act.redeployed, f"redeployed: {sorted(act.redeployed)}")
    _expect(after.revision == before.revision + act.upgrades, f"release revision {after.revision}")
    for name in sorted(act.built | act.redeployed):
        _check_target(targets[name], after)
    for name in sorted(SERVICES - act.built):
        _expect(after.deployments[name].image == before.deployments[name].image, f"{name} keeps its running tag")
    _check_pods(after, act.pods)
    if EMPLOYEE in act.built:
        answer = readback.invoke_function(stage.erp)
        _expect(answer["commit"] == commit, f"Lambda answers with commit {answer['commit'][:12]}")


def _play_blocked(stage: Stage) -> None:
    _headline("5-critical", "one CRITICAL finding, and nothing moves")
    sample.change_service(stage.repository, "approval-request-service")
    before = readback.snapshot(stage.erp, stage.repository)
    Faults().scans(f"{stage.erp.name}/approval-request-service", [CRITICAL])
    try:
        done = _run("5-critical", stage)
    finally:
        Faults().clear()
    after = readback.snapshot(stage.erp, stage.repository)
    _expect(done.code == 6, f"exit code {done.code}")  # noqa: PLR2004 - the contract's code
    for what in ("function", "deployments", "revision", "latest", "values"):
        _expect(getattr(after, what) == getattr(before, what), f"{what}: the same before and after")


def _run(name: str, stage: Stage) -> runner.Finished:
    report = stage.folder / f"{name}.json"
    words = ("run", "--repo", str(stage.repository), "--report", str(report))
    done = runner.erp_build(*words, env=runner.environment(stage.helm, role_of=stage.erp), report=report, loud=True)
    print(done.stdout)
    return done


def _check_target(item: dict[str, Any], after: readback.Snapshot) -> None:
    """The report's three digests are one, and it is what the world says when asked directly."""
    is_function = item["kind"] == "lambda"
    really = {after.function} if is_function else set(after.deployments[item["name"]].digests)
    same = item["built"] == item["scanned"] == item["running"] and really == {item["running"]}
    _expect(
        same, f"{item['name']}: built = scanned = running = {item['running']}, read back {json.dumps(list(really))}"
    )


def _check_pods(after: readback.Snapshot, wanted: int) -> None:
    for name in sorted(SERVICES):
        _expect(len(after.deployments[name].digests) == wanted, f"{name}: {wanted} pods")


def _named(targets: dict[str, Any], action: str) -> set[str]:
    return {name for name, item in targets.items() if item["action"] == action}


def _head(repository: Path) -> str:
    return (repository / ".git" / "refs" / "heads" / "main").read_text(encoding="ascii").strip()


def _headline(name: str, title: str) -> None:
    print(f"\n=== {name}: {title}", flush=True)


def _expect(holds: object, what: str) -> None:
    """Show what was checked; a point that does not hold ends the demo."""
    print(f"  {'ok ' if holds else 'NO '} {what}", flush=True)
    if not holds:
        raise AssertionError(what)
