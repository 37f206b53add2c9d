"""A bake: what breaks behind the proof takes both halves back, and what was red before only gets a word."""

from functools import partial

import pytest

from erp_build.errors import BakeBroken, Interrupted, Locked, ReleaseFailed, RunTimedOut
from erp_build.model.project import DeployPolicy
from tests.fakes.deployments import Trouble
from tests.fakes.world import FUNCTION, FakeWorld, Killed
from tests.support.baking import (
    ADDRESS,
    ALARM,
    BAKE_S,
    OURS,
    TARGET,
    alarm_on,
    ended_by,
    in_the_bake,
    ledger,
    taken_back,
)
from tests.support.samples import CHART, NOTIFICATION, PROCESSING


def test_a_deployment_that_stays_well_counts_after_its_bake(baking: FakeWorld) -> None:
    report = baking.run()
    assert report.outcome == "deployed"
    assert baking.seconds("bake") >= BAKE_S
    (bake,) = report.bakes
    assert (bake.state, bake.red_before, bake.broken, bake.unseen) == ("well", (), (), ())
    assert ledger(baking)[-1].bake == f"baked for {bake.seconds:.0f} s"
    names = [stage.name for stage in report.stages]
    assert names.index("prove") < names.index("bake") < names.index("move latest")
    assert [line for line in baking.progress.lines if line.startswith("bake: 120 of 600 s")]


def test_an_alarm_that_turns_red_takes_both_halves_back(baking: FakeWorld) -> None:
    baking.cluster.at(in_the_bake(baking), alarm_on(baking))
    taken_back(baking, f"alarm {ALARM}: it is on")
    assert 60 <= baking.report.bakes[0].seconds <= 70


def test_only_the_alarms_that_are_named_count(baking: FakeWorld) -> None:
    baking.project = baking.project._replace(deploy=DeployPolicy(bake=BAKE_S, bake_alarms=("other", "missing")))
    baking.alarms.alarms["other"] = "OK"
    baking.cluster.at(in_the_bake(baking), alarm_on(baking))
    (bake,) = baking.run().bakes
    assert bake.state == "well"
    assert bake.unseen == ("alarm missing: there is none of this name",)


def test_a_target_that_is_not_healthy_any_more_takes_both_halves_back(baking: FakeWorld) -> None:
    moment = in_the_bake(baking)
    baking.cluster.at(moment, lambda: baking.health.groups.update({OURS: {TARGET: "unhealthy"}}))
    taken_back(baking, f"target group erp-dev-notification of the Service {NOTIFICATION}: {TARGET} is unhealthy")


def test_ready_pods_of_which_none_is_registered_any_more_take_both_halves_back(baking: FakeWorld) -> None:
    baking.cluster.at(in_the_bake(baking), lambda: baking.health.groups.update({OURS: {}}))
    taken_back(baking, "no target, and 2 ready pods are not registered")
    assert baking.report.bakes[0].seconds >= 60 + baking.project.chart.timeout


def test_a_target_that_is_unhealthy_for_a_moment_or_leaves_is_none(baking: FakeWorld) -> None:
    moment = in_the_bake(baking)
    baking.cluster.at(moment, lambda: baking.health.groups.update({OURS: {TARGET: "unhealthy"}}))
    others = {TARGET: "draining", "10.0.0.8:8080": "healthy"}
    baking.cluster.at(moment + 6, lambda: baking.health.groups.update({OURS: others}))
    assert baking.run().bakes[0].state == "well"


def test_a_target_that_never_gets_healthy_has_the_time_of_a_rollout(baking: FakeWorld) -> None:
    baking.cluster.at(in_the_bake(baking, after=-8), lambda: baking.health.groups.update({OURS: {"new": "initial"}}))
    taken_back(baking, "new is initial")
    assert baking.report.bakes[0].seconds >= baking.project.chart.timeout


def test_what_begins_behind_the_end_has_its_time_and_makes_the_bake_no_longer(baking: FakeWorld) -> None:
    """An autoscaler registers one target after the other; each of them gets healthy in time."""
    end = in_the_bake(baking, after=BAKE_S - 4)
    for number in range(20):
        state = {TARGET: "healthy", f"10.0.1.{number}:8080": "initial"}
        baking.cluster.at(end + 20 * number, partial(baking.health.groups.update, {OURS: state}))
    (bake,) = baking.run().bakes
    assert bake.state == "well"
    assert BAKE_S < bake.seconds < BAKE_S + 30


def test_a_pod_that_starts_again_takes_both_halves_back_with_its_evidence(baking: FakeWorld) -> None:
    moment = in_the_bake(baking)
    baking.cluster.troubles[NOTIFICATION] = Trouble(ready=True, restarts=1, since=moment)
    taken_back(baking, "started again")
    assert [one.target for one in baking.report.evidence][:1] == [NOTIFICATION]


def test_a_pod_of_a_service_that_was_not_deployed_counts_and_leaves_evidence(baking: FakeWorld) -> None:
    moment = in_the_bake(baking)
    baking.cluster.troubles[PROCESSING] = Trouble(ready=True, restarts=1, since=moment)
    taken_back(baking, f"Deployment {PROCESSING}: pod {PROCESSING}-")
    assert PROCESSING in [one.target for one in baking.report.evidence]


def test_a_pod_that_is_not_ready_any_more_takes_both_halves_back(baking: FakeWorld) -> None:
    baking.cluster.troubles[NOTIFICATION] = Trouble(since=in_the_bake(baking))
    taken_back(baking, "is not ready any more")


def test_a_pod_that_is_not_ready_for_a_moment_or_is_replaced_is_none(baking: FakeWorld) -> None:
    moment = in_the_bake(baking)
    baking.cluster.troubles[NOTIFICATION] = Trouble(since=moment, until=moment + 6)
    baking.cluster.troubles[PROCESSING] = Trouble(ready=True, gone=1, since=moment)
    assert baking.run().bakes[0].state == "well"


@pytest.mark.parametrize("name", ["bake_http", "bake_command"])
def test_a_check_of_the_user_that_fails_takes_both_halves_back(baking: FakeWorld, name: str) -> None:
    policy = DeployPolicy(bake=BAKE_S, bake_http=ADDRESS, bake_command=("smoke", "--all"))
    baking.project = baking.project._replace(deploy=policy)
    asked = ADDRESS if name == "bake_http" else "smoke"
    baking.cluster.at(in_the_bake(baking), lambda: baking.health.wrong.update({asked: "status 503"}))
    taken_back(baking, f"{name}: status 503")


def test_a_cluster_that_is_away_for_a_while_breaks_nothing(baking: FakeWorld) -> None:
    moment = in_the_bake(baking)
    baking.cluster.at(moment, lambda: baking.cluster.is_away(60))
    assert baking.run().bakes[0].state == "well"


def test_a_lost_lock_ends_a_bake_and_takes_nothing_back(baking: FakeWorld) -> None:
    baking.cluster.at(in_the_bake(baking), lambda: baking.leases.is_held(alive=True))
    with pytest.raises(Locked, match="another run"):
        baking.run()
    assert "rollback_release" not in baking.verbs()
    assert baking.report.bakes[0].state == "going on"


def test_what_somebody_else_deploys_in_a_bake_is_not_called_proven(baking: FakeWorld) -> None:
    moment = in_the_bake(baking)
    baking.cluster.at(moment, lambda: baking.helm.was_deployed(baking.values.read_text(), "by hand"))
    with pytest.raises(Locked, match="somebody else"):
        baking.run()
    assert ledger(baking)[-1].outcome == "begun"


def test_the_lock_is_renewed_in_a_bake(baking: FakeWorld) -> None:
    left: list[float] = []

    def look() -> None:
        lease = baking.leases.lease
        left.append((lease.expires - baking.leases.now).total_seconds() if lease and lease.expires else 0.0)

    moment = in_the_bake(baking)
    for seconds in range(0, int(BAKE_S) - 60, 20):
        baking.cluster.at(moment + seconds, look)
    baking.run()
    assert len(left) > BAKE_S / 30
    assert min(left) > 0


@pytest.mark.parametrize("after", [0.0, 300.0, BAKE_S - 1])
@pytest.mark.parametrize("error", [Interrupted(15, "SIGTERM"), Killed("in the bake")], ids=["a signal", "a kill"])
def test_what_ends_a_run_in_its_bake_takes_nothing_back_and_the_next_run_ends_it(
    baking: FakeWorld, error: BaseException, after: float
) -> None:
    baking.cluster.at(in_the_bake(baking, after=after), ended_by(error))
    with pytest.raises(type(error), match=r"ended by SIGTERM|in the bake"):
        baking.run()
    assert "rollback_release" not in baking.verbs()
    assert ledger(baking)[-1].outcome == "begun"
    assert baking.run().outcome == "nothing"
    assert baking.seconds("bake") >= BAKE_S
    assert (ledger(baking)[-1].outcome, ledger(baking)[-1].bake) == ("deployed", "baked for 600 s")
    assert baking.run().bakes == ()


def test_the_next_run_takes_back_what_breaks_in_the_bake_that_it_ends(baking: FakeWorld) -> None:
    running, digest = baking.cluster.running(), baking.functions.states[FUNCTION].digest
    baking.alarms.alarms["erp-dev-red-before"] = "ALARM"

    baking.cluster.at(in_the_bake(baking), ended_by(Interrupted(15, "SIGTERM")))
    with pytest.raises(Interrupted, match="ended by SIGTERM"):
        baking.run()
    baking.alarms.alarms[ALARM] = "ALARM"
    with pytest.raises(BakeBroken, match="the bake is broken") as caught:
        baking.run()
    assert "red-before" not in caught.value.why
    assert (baking.cluster.running(), baking.functions.states[FUNCTION].digest) == (running, digest)
    assert ledger(baking)[-1].outcome == "taken back"


def test_the_end_of_the_runs_time_in_a_bake_takes_both_halves_back(baking: FakeWorld) -> None:
    left = in_the_bake(baking) - baking.clock.monotonic()
    running = baking.cluster.running()
    baking.clock.limit(left + BAKE_S - 60)
    with pytest.raises(RunTimedOut, match="the time of the run is over"):
        baking.run()
    assert baking.cluster.running() == running
    assert ledger(baking)[-1].outcome == "taken back"


def test_a_bake_that_does_not_fit_stops_before_anything_moves(baking: FakeWorld) -> None:
    baking.clock.limit(BAKE_S / 2)
    with pytest.raises(ReleaseFailed, match="the bake does not fit"):
        baking.run()
    assert baking.moved() == set()


def test_the_bake_of_a_killed_run_that_does_not_fit_into_the_next_one_takes_nothing_back(baking: FakeWorld) -> None:
    baking.cluster.at(in_the_bake(baking), ended_by(Killed("in the bake")))
    with pytest.raises(Killed, match="in the bake"):
        baking.run()
    running = baking.cluster.running()
    baking.clock.limit(BAKE_S / 2)
    with pytest.raises(ReleaseFailed, match="the bake does not fit"):
        baking.run()
    assert (baking.cluster.running(), ledger(baking)[-1].outcome) == (running, "begun")


def test_kept_failures_stay_and_are_baked_again(baking: FakeWorld) -> None:
    baking.project = baking.project._replace(deploy=DeployPolicy(bake=BAKE_S, on_failure="keep"))
    baking.cluster.at(in_the_bake(baking), alarm_on(baking))
    with pytest.raises(BakeBroken, match="the bake is broken"):
        baking.run()
    assert ledger(baking)[-1].outcome == "failed"
    baking.alarms.alarms[ALARM] = "OK"
    assert baking.run().outcome == "nothing"
    assert ledger(baking)[-1].outcome == "deployed"


def test_a_rehearsal_waits_for_no_bake_and_calls_no_check(baking: FakeWorld) -> None:
    policy = DeployPolicy(bake=BAKE_S, bake_http=ADDRESS, bake_command=("smoke",))
    baking.project = baking.project._replace(deploy=policy)
    began = baking.clock.monotonic()
    assert baking.rehearse().outcome == "rehearsed"
    assert baking.clock.monotonic() - began < BAKE_S / 2
    assert baking.health.asked == []


def test_a_run_with_nothing_to_do_bakes_nothing(baking: FakeWorld) -> None:
    baking.run()
    report = baking.run()
    assert (report.outcome, report.bakes) == ("nothing", ())


def test_without_a_bake_nothing_of_it_is_asked(changed: FakeWorld) -> None:
    changed.change(NOTIFICATION, CHART)
    report = changed.run()
    assert {"bake", "look before"} & {stage.name for stage in report.stages} == set()
    assert changed.health.asked == []
