"""What runs now: read from the cluster, from Lambda and from Helm, and joined with what the registry knows."""

from dataclasses import replace

import pytest

from erp_build.changes.live_state import read_live_state
from erp_build.model.plan import LiveState
from erp_build.model.releases.release import Revision
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST

COMMIT, KEY = "f" * 40, "e" * 40


def read(world: FakeWorld) -> LiveState:
    return read_live_state(world.site())


def test_before_the_first_deployment_only_the_function_runs(new_world: FakeWorld) -> None:
    live = read(new_world)
    assert set(live.running) == {EMPLOYEE}
    assert live.running[EMPLOYEE].tag == "by-hand"
    assert live.running[EMPLOYEE].commit is None
    assert (live.revision, live.chart_commit, live.chart_key) == (None, None, "")


def test_a_running_service_has_tag_digest_and_commit(world: FakeWorld) -> None:
    head = world.checkout.head()
    live = read(world)
    assert set(live.running) == {REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE}
    running = live.running[NOTIFICATION]
    assert (running.tag, running.commit, running.trouble) == (head[:7], head, "")
    assert running.digest == world.cluster.digest(NOTIFICATION)


def test_a_function_that_runs_a_digest_has_no_tag(world: FakeWorld) -> None:
    running = read(world).running[EMPLOYEE]
    assert (running.tag, running.digest) == ("", world.functions.states[FUNCTION].digest)
    assert running.commit == world.checkout.head()


def test_a_deployment_is_found_by_its_image_whatever_it_is_called(world: FakeWorld) -> None:
    world.cluster.deployments[NOTIFICATION].name = "erp-dev-alerts"
    assert NOTIFICATION in read(world).running


def test_an_image_that_is_gone_from_the_registry_names_no_commit(world: FakeWorld) -> None:
    world.registry.expired |= {f"erp/{NOTIFICATION}", FUNCTION_REPOSITORY}
    live = read(world)
    assert (live.running[NOTIFICATION].digest, live.running[NOTIFICATION].commit) == ("", None)
    assert live.running[EMPLOYEE].commit is None


def test_a_rollout_that_is_not_complete_is_trouble(world: FakeWorld) -> None:
    world.cluster.rolls_out_again(NOTIFICATION)
    assert read(world).running[NOTIFICATION].trouble == "not yet seen by the controller"
    assert read(world).running[NOTIFICATION].trouble.startswith("1 of 2 updated")
    assert read(world).running[NOTIFICATION].trouble == ""


def test_a_failed_update_of_the_function_is_trouble(world: FakeWorld) -> None:
    states = world.functions.states
    states[FUNCTION] = replace(states[FUNCTION], last_update="Failed", reason="ImageAccessDenied")
    assert read(world).running[EMPLOYEE].trouble == "last update Failed: ImageAccessDenied"


@pytest.mark.parametrize(
    ("status", "description", "commit", "key"),
    [
        pytest.param("deployed", f"erp_build {COMMIT} chart {KEY}", COMMIT, KEY, id="ours"),
        pytest.param("deployed", f"erp_build {COMMIT}", COMMIT, "", id="ours, without a key"),
        pytest.param("deployed", "Upgrade complete", None, "", id="somebody's own helm upgrade"),
        pytest.param("deployed", "", None, "", id="no description"),
        pytest.param("deployed", f"erp_build {COMMIT[:7]}", None, "", id="a short commit"),
        pytest.param("failed", f"erp_build {COMMIT} chart {KEY}", None, "", id="ours, and it failed"),
        pytest.param("pending-upgrade", f"erp_build {COMMIT}", None, "", id="ours, and it was cut off"),
    ],
)
def test_the_newest_revision_says_which_chart_is_deployed(
    world: FakeWorld, status: str, description: str, commit: str | None, key: str
) -> None:
    world.helm.revisions.append(Revision(number=2, status=status, description=description))
    live = read(world)
    assert live.revision == world.helm.revisions[-1]
    assert (live.chart_commit, live.chart_key) == (commit, key)
