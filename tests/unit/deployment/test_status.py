"""Drift: every kind of edit by hand is seen, and what nobody edited is not."""

from dataclasses import replace
from typing import Any

import pytest

from erp_build.changes.drift import object_drift, text_of
from erp_build.changes.live_state import read_live_state
from erp_build.deployment.ledger import NOTHING_KNOWN, LedgerEntry, Standing
from erp_build.deployment.status import past_deployments, read_standing, read_status
from erp_build.errors import ReleaseFailed
from erp_build.model.plan import LiveState
from erp_build.model.target_status import TargetStatus
from erp_build.report.json.status import history_document, status_document
from erp_build.report.text.status import history_text, status_text
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, REQUEST


def statuses(world: FakeWorld) -> dict[str, TargetStatus]:
    site = world.site()
    return read_status(site, read_live_state(site))


def test_what_nobody_edited_has_no_drift(world: FakeWorld) -> None:
    found = statuses(world)
    assert [status.drift for status in found.values()] == [()] * 4
    assert found[REQUEST].release_tag == world.cluster.running()[REQUEST]
    assert found[REQUEST].git_tag == world.cluster.running()[REQUEST]


def test_a_stale_tag_in_git_is_shown(world: FakeWorld) -> None:
    world.checkout.git("reset", "--quiet", "--hard")
    assert statuses(world)[REQUEST].git_tag == "latest"


def test_without_a_values_file_there_is_no_tag_of_git_and_everything_else(world: FakeWorld) -> None:
    world.values.unlink()
    found = statuses(world)
    assert found[REQUEST].git_tag == ""
    assert found[REQUEST].release_tag


def test_an_image_set_by_hand_is_seen(world: FakeWorld) -> None:
    deployed = world.cluster.deployments[NOTIFICATION]
    wanted = deployed.image
    deployed.image = wanted.rpartition(":")[0] + ":byhand1"
    path = f"template.spec.containers[{NOTIFICATION}].image"
    assert statuses(world)[NOTIFICATION].drift == (f"{path}: {deployed.image} instead of {wanted}",)


def test_a_number_of_pods_set_by_hand_is_seen(world: FakeWorld) -> None:
    world.cluster.deployments[NOTIFICATION].replicas = 5
    assert statuses(world)[NOTIFICATION].drift == ("replicas: 5 instead of 2",)


def test_a_deployment_that_was_deleted_is_seen(world: FakeWorld) -> None:
    del world.cluster.deployments[NOTIFICATION]
    assert statuses(world)[NOTIFICATION].drift == (f"the Deployment {NOTIFICATION} is gone",)


def test_an_environment_added_by_hand_is_seen_without_its_value(world: FakeWorld) -> None:
    world.cluster.deployments[NOTIFICATION].edits = {"env": [{"name": "PASSWORD", "value": "invented-secret"}]}
    (drift,) = statuses(world)[NOTIFICATION].drift
    assert "containers[notification-service].env" in drift
    assert "invented-secret" not in drift


def test_a_function_updated_by_hand_is_seen(world: FakeWorld) -> None:
    state = world.functions.states[FUNCTION]
    other = f"{state.resolved.partition('@')[0]}@sha256:{'f' * 64}"
    world.functions.states[FUNCTION] = replace(state, image=other, resolved=other)
    (drift,) = statuses(world)[EMPLOYEE].drift
    assert drift == f"image: sha256:{'f' * 12} instead of {state.digest[:19]}"


def standing(world: FakeWorld) -> tuple[Standing, tuple[LedgerEntry, ...]]:
    site = world.site()
    entries = past_deployments(site)
    return read_standing(site, site.clients.helm.history(site.release), entries), entries


def failed(world: FakeWorld) -> None:
    """A deployment whose pods never get ready, and which ends as the project wants it."""
    world.change(NOTIFICATION, EMPLOYEE)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete in time"):
        world.run()
    world.cluster.troubles.clear()


def test_the_deployment_that_was_proven_last_runs(world: FakeWorld) -> None:
    found, entries = standing(world)
    assert found == Standing(runs=entries[0], proven=entries[0])
    assert "which runs" in status_text(LiveState(), {}, found)


def test_after_a_failure_that_was_taken_back_the_proven_one_runs_and_the_failed_one_is_named(world: FakeWorld) -> None:
    failed(world)
    found, entries = standing(world)
    assert found == Standing(runs=entries[0], proven=entries[0], failed=entries[1])
    lines = history_text((), entries, found).splitlines()
    assert [line.endswith("runs") for line in lines[-2:]] == [True, False]
    document = history_document((), entries, found)["deployments"]
    assert [(one["proven"], one["runs"]) for one in document] == [(True, True), (False, False)]


def test_after_a_failure_that_stands_what_runs_is_not_proven(world: FakeWorld) -> None:
    world.keeps_failures()
    failed(world)
    found, entries = standing(world)
    assert found == Standing(runs=None, proven=entries[0], failed=entries[1])
    lines = status_text(LiveState(), {}, found).splitlines()
    assert lines[1] == "Not proven: what runs is no deployment that was proven"
    assert lines[2].startswith(f"Proven last: {entries[0].commit[:12]}, deployed by ")
    assert lines[3].startswith(f"Since then: {entries[1].commit[:12]}, failed by ")
    ledger = status_document(LiveState(), {}, found)["ledger"]
    named = {name: getattr(entries[1], name) for name in ("at", "commit", "build", "outcome")}
    assert (ledger["runs"], ledger["failed"]) == (None, named)
    assert ledger["proven"]["commit"] == entries[0].commit


def test_what_somebody_changed_by_hand_is_not_proven(world: FakeWorld) -> None:
    state = world.functions.states[FUNCTION]
    other = f"{state.resolved.partition('@')[0]}@sha256:{'f' * 64}"
    world.functions.states[FUNCTION] = replace(state, image=other, resolved=other)
    assert standing(world)[0].runs is None


def test_without_a_ledger_nothing_is_known(world: FakeWorld) -> None:
    world.leases.lease = None
    assert standing(world) == (NOTHING_KNOWN, ())
    assert status_text(LiveState(), {}, NOTHING_KNOWN).splitlines()[0] == "No release yet"


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def drift(wanted: dict[str, Any], live: dict[str, Any], autoscaler: dict[str, Any] | None = None) -> tuple[str, ...]:
    return tuple(text_of(edit) for edit in object_drift(wanted, live, autoscaler))


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        pytest.param(spec(cpu="50m"), spec(cpu="0.05"), id="quantities"),
        pytest.param(spec(memory="1Gi"), spec(memory="1024Mi"), id="bytes"),
        pytest.param(spec(port=80), spec(port="80"), id="numbers and texts"),
        pytest.param(spec(labels={}), spec(), id="what is empty is dropped"),
        pytest.param(spec(a=1), spec(a=1, default="x"), id="a default of the API"),
    ],
)
def test_what_means_the_same_is_no_drift(wanted: dict[str, Any], live: dict[str, Any]) -> None:
    assert drift(wanted, live) == ()


def test_replicas_in_the_autoscalers_range_are_no_drift() -> None:
    autoscaler = spec(minReplicas=2, maxReplicas=4)
    assert drift(spec(replicas=2), spec(replicas=3), autoscaler) == ()
    assert drift(spec(replicas=2), spec(replicas=9), autoscaler) == ("replicas: 9 instead of 2",)


def test_lists_without_names_are_compared_by_place() -> None:
    assert drift(spec(args=["a", "b"]), spec(args=["a", "c"])) == ("args[1]: c instead of b",)
    assert drift(spec(args=["a"]), spec(args=["a", "b"])) == ("args: 2 items instead of 1 items",)
