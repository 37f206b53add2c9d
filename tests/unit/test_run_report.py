"""Stages with times and status, the outcome, and the proof."""

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.errors import BuildFailed, ErpBuildError
from erp_build.model.plan import Plan
from erp_build.model.releases.deployment import Proof
from erp_build.run_record import Run, RunReport
from tests.support.samples import DIGEST, NOTIFICATION, OTHER_DIGEST, plan_of


def report(*, rehearsal: bool = False, plan: Plan | None = None, error: ErpBuildError | None = None) -> RunReport:
    return RunReport(rehearsal=rehearsal, plan=plan, error=error)


def test_a_stage_is_named_after_its_function_and_timed() -> None:
    clock, announced = SimulatedClock(), list[str]()
    recording = Run(clock=clock, on_stage=announced.append)

    def build_images(seconds: float, *, result: str) -> str:
        clock.sleep(seconds)
        return result

    assert recording.stage(build_images, 2.5, result="an image") == "an image"
    assert announced == ["build images"]
    assert [(stage.name, stage.seconds, stage.status) for stage in recording.report().stages] == [
        ("build images", 2.5, "done")
    ]


def test_a_stage_that_fails_is_recorded_and_its_error_goes_on() -> None:
    clock = SimulatedClock()
    recording = Run(clock=clock, on_stage=lambda _: None)

    def build_images() -> None:
        clock.sleep(3)
        raise BuildFailed("Maven failed")

    with pytest.raises(BuildFailed, match="Maven failed"):
        recording.stage(build_images)
    assert [(stage.name, stage.seconds, stage.status) for stage in recording.report().stages] == [
        ("build images", 3.0, "failed")
    ]


def test_a_stage_that_is_interrupted_is_recorded_as_failed() -> None:
    recording = Run(clock=SimulatedClock(), on_stage=lambda _: None)

    def deploy() -> None:
        raise KeyboardInterrupt("by hand")

    with pytest.raises(KeyboardInterrupt, match="by hand"):
        recording.stage(deploy)
    assert recording.report().stages[0].status == "failed"


WORK = plan_of({NOTIFICATION: "pom.xml"})


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        pytest.param(report(plan=WORK), "deployed", id="there was work"),
        pytest.param(report(plan=plan_of({})), "nothing", id="the plan is empty"),
        pytest.param(report(), "nothing", id="no plan was made"),
        pytest.param(report(plan=WORK, rehearsal=True), "rehearsed", id="only rehearsed"),
        pytest.param(report(plan=plan_of({}), rehearsal=True), "nothing", id="nothing to rehearse"),
        pytest.param(report(plan=WORK, error=BuildFailed("x")), "failed", id="an error"),
        pytest.param(report(error=BuildFailed("x")), "failed", id="an error before the plan"),
        pytest.param(report(plan=WORK, rehearsal=True, error=BuildFailed("x")), "failed", id="a failed rehearsal"),
    ],
)
def test_a_run_has_an_outcome(ended: RunReport, outcome: str) -> None:
    assert ended.outcome == outcome


@pytest.mark.parametrize(
    ("built", "scanned", "running", "replicas", "holds"),
    [
        pytest.param(DIGEST, DIGEST, DIGEST, 2, True, id="all three are one"),
        pytest.param(DIGEST, DIGEST, OTHER_DIGEST, 2, False, id="something else runs"),
        pytest.param(DIGEST, OTHER_DIGEST, DIGEST, 2, False, id="something else was scanned"),
        pytest.param(OTHER_DIGEST, DIGEST, DIGEST, 2, False, id="something else was built"),
        pytest.param(DIGEST, DIGEST, DIGEST, 0, False, id="nothing runs at all"),
        pytest.param("", "", "", 2, False, id="nothing is known"),
        pytest.param(DIGEST, DIGEST, "", 2, False, id="what runs is not known"),
    ],
)
def test_a_proof_holds_or_not(built: str, scanned: str, running: str, replicas: int, holds: bool) -> None:  # noqa: FBT001
    proof = Proof(target=NOTIFICATION, built=built, scanned=scanned, running=running, replicas=replicas)
    assert proof.holds is holds
