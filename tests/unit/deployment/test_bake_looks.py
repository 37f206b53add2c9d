"""What a bake looks at: what was red before only gets a word, and so does what cannot be looked at."""

from erp_build.model.project import DeployPolicy
from erp_build.model.releases.kubernetes import ObjectName
from tests.fakes.deployments import Other, Trouble, object_of
from tests.fakes.world import FakeWorld
from tests.support.baking import ADDRESS, ALARM, BAKE_S, OURS, TARGET, in_the_bake, taken_back
from tests.support.samples import NOTIFICATION


def test_what_was_red_before_is_said_and_does_not_count(baking: FakeWorld) -> None:
    policy = DeployPolicy(bake=BAKE_S, bake_http=ADDRESS)
    baking.project = baking.project._replace(deploy=policy)
    baking.alarms.alarms[ALARM] = "ALARM"
    baking.health.wrong[ADDRESS] = "status 503"
    baking.health.groups[OURS] = {TARGET: "unhealthy"}
    kafka = object_of("StatefulSet", "kafka", "kafka:3")
    baking.helm.around = (*baking.helm.around, kafka)
    baking.cluster.others[ObjectName("StatefulSet", "kafka")] = Other(kafka)
    baking.cluster.troubles["StatefulSet kafka"] = Trouble(waiting="CrashLoopBackOff", restarts=9)
    report = baking.run()
    assert report.outcome == "deployed"
    (bake,) = report.bakes
    assert bake.red_before == (
        "StatefulSet kafka",
        f"target group erp-dev-notification of the Service {NOTIFICATION}",
        f"alarm {ALARM}",
        "bake_http",
    )
    said = [line for line in baking.progress.lines if "red before" in line]
    assert f"warning: red before the deployment, so it will not count: alarm {ALARM}: it is on" in said


def test_one_bad_answer_before_the_deployment_excuses_no_failed_check(baking: FakeWorld) -> None:
    policy = DeployPolicy(bake=BAKE_S, bake_http=ADDRESS)
    baking.project = baking.project._replace(deploy=policy)
    answers = iter(["no answer: timed out"])
    baking.health.answers = lambda _: next(answers, "" if "upgrade_release" not in baking.verbs() else "status 503")
    taken_back(baking, "bake_http: status 503")
    assert baking.report.bakes[0].red_before == ()


def test_an_alarm_that_was_red_before_is_known_where_cloudwatch_is_busy_for_a_moment(baking: FakeWorld) -> None:
    baking.alarms.alarms[ALARM] = "ALARM"
    baking.alarms.busy = 1
    assert baking.run().bakes[0].red_before == (f"alarm {ALARM}",)


def test_alarms_that_are_not_there_are_said(baking: FakeWorld) -> None:
    baking.alarms.alarms.clear()
    (bake,) = baking.run().bakes
    assert bake.unseen == ("alarms erp-dev-*: there is none",)
    assert "not known whether it is red before the deployment: alarms erp-dev-*: there is none" in (
        baking.progress.lines
    )


def test_what_cannot_be_looked_at_for_a_time_stands_in_the_report(baking: FakeWorld) -> None:
    moment = in_the_bake(baking)
    baking.cluster.at(moment, lambda: setattr(baking.alarms, "denied", True))
    baking.cluster.at(moment + 60, lambda: setattr(baking.alarms, "denied", False))
    (bake,) = baking.run().bakes
    assert (bake.state, [line.partition(":")[0] for line in bake.unseen]) == ("well", ["alarms"])


def test_what_cannot_be_looked_at_is_said_and_the_rest_is_baked(baking: FakeWorld) -> None:
    baking.alarms.denied = baking.health.denied = True
    baking.cluster.bindings = None
    (bake,) = baking.run().bakes
    assert bake.state == "well"
    assert [line.partition(":")[0] for line in bake.unseen] == [
        "bindings beside those of the chart",
        "elasticloadbalancing",
        "alarms",
    ]
