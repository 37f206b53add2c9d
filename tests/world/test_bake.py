"""A bake of seconds: an alarm, a target or a pod breaks and both halves are back; what was red before is only said."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client as kubernetes

from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.aws.fault_proxy.client import Faults
from sandbox.cluster import admin_client
from sandbox.cluster.node.containerd import kill_container
from sandbox.sample.erp_repository import VALUES
from tests.world.pairs import EMPLOYEE, SERVICE, Pair, updates, wait_until

pytestmark = pytest.mark.world

BAKE = 'branch = "main"', 'branch = "main"\nbake = "8s"'
TARGET = "10.0.0.7:8084"


@pytest.fixture
def alarm(pair: Pair) -> Iterator[str]:
    """An alarm of the ERP, which is off."""
    cloudwatch, name = client("cloudwatch"), f"{pair.erp.tenant.namespace}-errors"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="errors",
        Namespace=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    turn(name, "OK")
    yield name
    cloudwatch.delete_alarms(AlarmNames=[name])


def turn(alarm: str, state: str) -> None:
    client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="5 errors in a minute")


def group_of(pair: Pair) -> str:
    """The target group of the service, as the chart's values name it."""
    values = (pair.erp.repository / VALUES).read_text(encoding="utf-8")
    return str(re.findall(r"arn:\S+:targetgroup/\S*-notification/\w+", values)[0])


def broken(pair: Pair, breaks: Callable[[], object]) -> erp_build_process.Finished:
    """A run in whose bake something breaks; everything runs as before it."""
    before = pair.erp.look()
    config = pair.erp.repository.parent / "bake.toml"
    config.write_text(pair.config(*BAKE), encoding="utf-8")
    started = pair.erp.start("--config", str(config))
    started.until("bake: what runs now is watched")
    breaks()
    done = started.finish()
    assert done.code == 10, done.stderr
    assert "the bake is broken after" in done.stderr
    after = pair.erp.look()
    assert (after.function, after.deployments, after.latest) == (before.function, before.deployments, before.latest)
    assert updates() == 2
    (bake,) = done.report["bakes"]
    assert bake["state"] == "broken"
    return done


def test_an_alarm_that_turns_red_takes_both_halves_back(pair: Pair, alarm: str) -> None:
    revision = pair.erp.look().revision
    pair.next()
    done = broken(pair, lambda: turn(alarm, "ALARM"))
    assert done.report["bakes"][0]["broken"] == [f"alarm {alarm}: it is on: 5 errors in a minute"]
    assert len(done.report["taken_back"]) == 2
    assert done.report["taken_back"][1].endswith(f"back to revision {revision}")
    (last,) = json.loads(pair.call("history", "--json").stdout)["deployments"][-1:]
    assert last["outcome"] == "taken back"
    assert re.fullmatch(rf"bake broken after \d+ s: alarm {alarm}", last["bake"])


def test_a_target_that_turns_unhealthy_takes_the_function_back_too(pair: Pair) -> None:
    group = group_of(pair)
    Faults().targets(group, {TARGET: "healthy"})
    pair.next(EMPLOYEE)
    done = broken(pair, lambda: Faults().targets(group, {TARGET: "unhealthy"}))
    (line,) = done.report["bakes"][0]["broken"]
    assert line.endswith(f"of the Service {SERVICE}: {TARGET} is unhealthy (Target.Timeout: Request timed out)")


def test_a_pod_that_starts_again_takes_the_function_back_too(pair: Pair) -> None:
    pair.next(EMPLOYEE)
    done = broken(pair, lambda: kill_one(pair))
    (line,) = done.report["bakes"][0]["broken"]
    assert line.startswith(f"Deployment {SERVICE}: pod {SERVICE}-")
    assert "exit code 137" in line
    (evidence,) = done.report["evidence"]
    assert evidence["target"] == SERVICE
    assert any("exit code 137" in state for state in evidence["states"])
    wait_until(lambda: all(pod.ready for pod in admin_client.pods(pair.erp.tenant.namespace)))


def kill_one(pair: Pair) -> None:
    """Kill the Java of one pod of the service."""
    core: Any = kubernetes.CoreV1Api(admin_client.connect())
    pods = core.list_namespaced_pod(pair.erp.tenant.namespace, _request_timeout=admin_client.TIMEOUT).items
    pod = next(one for one in pods if one.metadata.name.startswith(f"{SERVICE}-"))
    kill_container(pod.status.container_statuses[0].container_id)


def test_an_alarm_that_was_red_before_is_only_said(pair: Pair, alarm: str) -> None:
    turn(alarm, "ALARM")
    pair.next(EMPLOYEE)
    done = pair.run(config=pair.config(*BAKE))
    assert done.code == 0, done.stderr
    assert f"red before the deployment, so it will not count: alarm {alarm}: it is on" in done.stderr
    (bake,) = done.report["bakes"]
    assert (bake["state"], bake["red_before"], bake["broken"]) == ("well", [f"alarm {alarm}"], [])
    assert bake["seconds"] >= 8
    assert done.report["target_groups"] == []
