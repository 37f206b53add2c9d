"""A rollout as a run watches it: recorded lists of a Kubernetes API in a row, and the fake of the stage tests.

Both run two pods of one image, get another one, and are read until the rollout is complete.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import UpgradeRequest
from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.model.releases.kubernetes import Workload
from erp_build.model.releases.release import Release
from tests.contract.cluster.conftest import RELEASE, recorded, serve
from tests.fakes.cluster import FakeCluster
from tests.fakes.deployments import Deployments
from tests.fakes.helm import FakeHelm, values_text
from tests.fakes.registry import HOST, FakeRegistry
from tests.support.loopback import Loopback

SERVICE = "approval-request-service"
REPOSITORY = f"erp/{SERVICE}"
Read = Callable[[], Workload]


@pytest.fixture
def from_lists(server: Loopback, cluster: EksCluster) -> Read:
    """Each reading finds the next of the recorded moments."""
    moments = iter(("not-yet-observed", "rolling", "steady", "steady"))

    def read() -> Workload:
        serve(server, recorded(next(moments)))
        return next(found for found in cluster.workloads(RELEASE) if found.name == SERVICE)

    return read


@pytest.fixture
def in_memory(tmp_path: Path) -> Read:
    registry = FakeRegistry([REPOSITORY])
    deployments = Deployments(SimulatedClock())
    cluster, helm = FakeCluster(deployments, registry), FakeHelm(deployments)
    place = Release("erp-dev", "erp-dev", "erp-microservices")
    values = tmp_path / "values.yaml"
    for tag in ("aaaaaaa", "ccccccc"):
        registry.push(REPOSITORY, tag, tag)
        text = values_text({"approvalRequest": f"{HOST}/{REPOSITORY}"}).replace("latest", tag)
        values.write_text(text, encoding="utf-8")
        request = UpgradeRequest(release=place, chart=tmp_path, values=values, description=tag, timeout=60)
        helm.upgrade(request)
    return lambda: cluster.workloads(place)[0]


@pytest.fixture(params=["from_lists", "in_memory"], ids=["lists", "fake"])
def read(request: pytest.FixtureRequest) -> Read:
    """Reads the Deployment once more."""
    found: Read = request.getfixturevalue(request.param)
    return found


def test_the_first_reading_is_of_the_generation_before(read: Read) -> None:
    found = read()
    assert found.generation > found.observed_generation
    assert (found.rolled_out, found.progress) == (False, "not yet seen by the controller")


def test_on_its_way_old_pods_stand_beside_the_new_one(read: Read) -> None:
    read()
    found = read()
    assert found.generation == found.observed_generation
    assert not found.rolled_out
    assert 0 < found.updated < found.desired
    assert {pod.current for pod in found.pods} == {True, False}


def test_in_the_end_all_pods_are_new_ready_and_run_one_digest(read: Read) -> None:
    found = [read() for _ in range(3)][-1]
    assert found.rolled_out
    assert found.desired == found.replicas == found.updated == found.available == len(found.pods)
    assert all(pod.current and not pod.unschedulable for pod in found.pods)
    containers = [one for pod in found.pods for one in pod.containers if f"{REPOSITORY}@" in one.image_id]
    assert len(containers) == len(found.pods)
    assert {one.ready for one in containers} == {True}
    assert len({one.digest for one in containers}) == 1
    assert containers[0].digest.startswith("sha256:")


def test_what_is_complete_stays_so(read: Read) -> None:
    states = [read().rolled_out for _ in range(4)]
    assert states == [False, False, True, True]


def test_the_deployment_is_known_by_its_image(read: Read) -> None:
    image = read().image_of(REPOSITORY)
    assert image is not None
    assert len(image.tag) == 7
    assert read().image_of("erp/somebody-else") is None
