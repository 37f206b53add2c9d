"""`make demo`: five commits of the sample, five runs, and after each one the proof, read back from the world itself."""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.cluster.component import KUBERNETES
from sandbox.cluster.go_binaries import BINARIES_OF_THE_DEMO
from sandbox.codebuild.runner_image import RUNNER_IMAGE, SLIM_IMAGE
from sandbox.demo import run_modes
from sandbox.demo.acts import ACTS, BEHIND_THE_LAMBDA_HALF, CRITICAL, EMPLOYEE, SERVICES, Act
from sandbox.lifecycle import AWS_COMPONENTS, CLUSTER_OF_THE_DEMO, meanwhile, up
from sandbox.paths import OUT
from sandbox.sample import erp_commits, erp_repository
from sandbox.tenants import deployed_state, provisioning
from sandbox.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo is played: the tenant, the folder of its reports, and how erp_build is run."""

    erp: Tenant
    folder: Path
    way: run_modes.RunMode

    @property
    def repository(self) -> Path:
        """The sample as a repository."""
        return self.folder / "erp"


IMAGES = {"runner": RUNNER_IMAGE, "slim": SLIM_IMAGE}


def main(runner: str = "") -> int:
    """Put the sandbox up and play the demo in it; returns 0 when all was as it must be.

    Where there is no cluster yet, the Lambda half of the first deployment comes first, while Kubernetes is compiled.

    Args:
        runner: the image that it is played in; empty: by this machine's Python.

    Raises `AssertionError` when something was not as it must be.
    """
    start = time.monotonic()
    way = run_modes.in_a_build_container(engine=runner == "runner") if runner else run_modes.on_this_machine()
    image = (IMAGES[runner],) if runner else ()
    if KUBERNETES.is_up():
        up((*AWS_COMPONENTS, *image, *CLUSTER_OF_THE_DEMO))
        play(erp_repository.DEFAULT_TENANT, OUT, way)
    else:
        with meanwhile(BINARIES_OF_THE_DEMO):
            up((*AWS_COMPONENTS, *image))
            stage = begin(erp_repository.DEFAULT_TENANT, OUT, way)
            play_lambda_half(stage)
            print(f"  the first deployment was there after {time.monotonic() - start:.0f} s", flush=True)
        up(CLUSTER_OF_THE_DEMO)
        provisioning.create_in_cluster(stage.erp)
        play_acts(stage, (BEHIND_THE_LAMBDA_HALF, *ACTS[1:]))
    print(f"\nThe demo is right in every point ({time.monotonic() - start:.0f} s). Reports: {OUT}/*.json")
    return 0


def play(name: str, folder: Path, way: run_modes.RunMode, settings: Mapping[str, str] = erp_repository.NONE) -> Tenant:
    """Play all acts for a tenant of this name, which is made anew and left as the last act leaves it.

    Args:
        name: of the tenant.
        folder: made anew; afterwards it holds a report per act, and in `erp` the sample as a Git repository.
        way: how erp_build is run.
        settings: what the sample's erp-build.toml says otherwise, as `erp_repository.make` takes it.
    """
    stage = begin(name, folder, way, settings)
    play_acts(stage, ACTS)
    return stage.erp


def play_first(
    name: str, folder: Path, way: run_modes.RunMode, settings: Mapping[str, str], values: Mapping[str, str], pods: int
) -> Tenant:
    """Play the first act alone, which deploys everything.

    Args:
        name: as for `play`, and so are `folder`, `way` and `settings`.
        folder: see there.
        way: see there.
        settings: see there.
        values: what the sample's values file says otherwise, as `erp_repository.make` takes it.
        pods: how many each service then has.
    """
    stage = begin(name, folder, way, settings, values)
    _play(replace(ACTS[0], pods=pods), stage)
    return stage.erp


def begin(
    name: str,
    folder: Path,
    way: run_modes.RunMode,
    settings: Mapping[str, str] = erp_repository.NONE,
    values: Mapping[str, str] = erp_repository.NONE,
) -> Stage:
    """Make the tenant, the folder and the repository anew; the arguments are those of `play_first`."""
    erp = provisioning.create(name)
    Faults().clear()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    erp_repository.make(folder / "erp", name, settings, values)
    return Stage(erp, folder, way)


def play_lambda_half(stage: Stage) -> None:
    """Deploy the function of the first commit, which needs no cluster."""
    _headline("0-function", "the Lambda half of the first deployment, while Kubernetes is made ready")
    done = erp_build_process.Started(
        (str(stage.repository),),
        erp_build_process.environment(helm=0, role_of=stage.erp),
        loud=True,
        module=("sandbox.demo.lambda_half",),
    ).finish()
    _expect(done.code == 0, f"exit code {done.code}")
    answer = deployed_state.invoke_function(stage.erp)
    commit = _head(stage.repository)
    _expect(answer["commit"] == commit, f"Lambda answers with commit {answer['commit'][:12]}")


def play_acts(stage: Stage, acts: Sequence[Act]) -> None:
    """Play acts in their order, and behind them the one that the gate stops."""
    for act in acts:
        _play(act, stage)
    _play_blocked(stage)


def _play(act: Act, stage: Stage) -> None:
    _headline(act.name, act.title)
    before = deployed_state.snapshot(stage.erp, stage.repository)
    commit = act.change(stage.repository) if act.change else _head(stage.repository)
    done = _run(act.name, stage)
    _expect(done.code == 0, f"exit code {done.code}")
    after = deployed_state.snapshot(stage.erp, stage.repository)
    targets = {item["name"]: item for item in done.report["targets"]}
    _expect(_named(targets, "build") == act.built, f"built: {sorted(act.built)}")
    _expect(_named(targets, "redeploy") - {"helm-chart"} == act.redeployed, f"redeployed: {sorted(act.redeployed)}")
    _expect(after.revision == before.revision + act.upgrades, f"release revision {after.revision}")
    by = {name: targets[name]["making"]["builder"] for name in act.built}
    _expect(set(by.values()) <= {"direct"}, f"built without an engine: {sorted(by)}")
    for name in sorted(act.built | act.redeployed):
        _check_target(targets[name], after)
    for name in sorted(SERVICES - act.built):
        _expect(after.deployments[name].image == before.deployments[name].image, f"{name} keeps its running tag")
    _check_pods(after, act.pods)
    if EMPLOYEE in act.built:
        answer = deployed_state.invoke_function(stage.erp)
        _expect(answer["commit"] == commit, f"Lambda answers with commit {answer['commit'][:12]}")


def _play_blocked(stage: Stage) -> None:
    _headline("5-critical", "one CRITICAL finding, and nothing moves")
    erp_commits.change_service(stage.repository, "approval-request-service")
    before = deployed_state.snapshot(stage.erp, stage.repository)
    Faults().scans(f"{stage.erp.name}/approval-request-service", [CRITICAL])
    try:
        done = _run("5-critical", stage)
    finally:
        Faults().clear()
    after = deployed_state.snapshot(stage.erp, stage.repository)
    _expect(done.code == 6, f"exit code {done.code}")  # noqa: PLR2004 - the contract's code
    for what in ("function", "deployments", "revision", "latest"):
        _expect(getattr(after, what) == getattr(before, what), f"{what}: the same before and after")
    _expect(done.values == before.values, "values: the same before and after")


def _run(name: str, stage: Stage) -> run_modes.Run:
    return stage.way(stage.erp, stage.repository, stage.folder / f"{name}.json")


def _check_target(item: dict[str, Any], after: deployed_state.Snapshot) -> None:
    """The report's three digests are one, and it is what the world says when asked directly."""
    is_function = item["kind"] == "lambda"
    really = {after.function} if is_function else set(after.deployments[item["name"]].digests)
    same = item["built"] == item["scanned"] == item["running"] and really == {item["running"]}
    _expect(
        same, f"{item['name']}: built = scanned = running = {item['running']}, read back {json.dumps(list(really))}"
    )


def _check_pods(after: deployed_state.Snapshot, wanted: int) -> None:
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
