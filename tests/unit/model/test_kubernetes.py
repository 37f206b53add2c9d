from dataclasses import replace

import pytest

from erp_build.model.images.image import ImageReference
from erp_build.model.releases.kubernetes import Container, ContainerTemplate, Workload
from erp_build.model.releases.lambda_function import FunctionState

DIGEST = "sha256:" + "3" * 64
DONE = Workload(
    name="notification-service",
    containers=(
        ContainerTemplate("sidecar", "registry.example/erp/sidecar:1"),
        ContainerTemplate("app", "registry.example/erp/notification-service:abc1234", probed=True),
    ),
    desired=2,
    generation=5,
    observed_generation=5,
    replicas=2,
    updated=2,
    available=2,
)


def test_a_rollout_is_complete_when_all_is_new_and_ready() -> None:
    assert DONE.rolled_out
    assert DONE.progress == "2 of 2 updated, 2 ready, 2 in all"


@pytest.mark.parametrize(
    "workload",
    [
        pytest.param(replace(DONE, observed_generation=4), id="the counters are of an older generation"),
        pytest.param(replace(DONE, updated=1), id="a pod is still of the old revision"),
        pytest.param(replace(DONE, replicas=3), id="an old pod is not gone"),
        pytest.param(replace(DONE, available=1), id="a pod is not ready"),
        pytest.param(replace(DONE, replicas=0, updated=0, available=0), id="nothing has begun"),
    ],
)
def test_a_rollout_is_not_complete(workload: Workload) -> None:
    assert not workload.rolled_out


def test_counters_of_an_older_generation_are_not_shown() -> None:
    assert replace(DONE, observed_generation=4).progress == "not yet seen by the controller"


def test_a_workload_that_is_scaled_to_nothing_is_complete() -> None:
    assert replace(DONE, desired=0, replicas=0, updated=0, available=0).rolled_out


def test_an_observed_generation_ahead_of_what_was_read_is_not_stale() -> None:
    assert replace(DONE, observed_generation=6).rolled_out


def test_the_image_of_a_repository_is_found_among_sidecars() -> None:
    assert DONE.image_of("erp/notification-service") == ImageReference("erp/notification-service", "abc1234")
    assert DONE.image_of("erp/notification") is None


@pytest.mark.parametrize(
    ("image_id", "digest"),
    [
        pytest.param(f"registry.example/erp/a@{DIGEST}", DIGEST, id="as containerd says it"),
        pytest.param("", "", id="before the pull"),
        pytest.param("registry.example/erp/a:tag", "", id="a tag proves nothing"),
    ],
)
def test_a_container_runs_the_digest_that_the_runtime_pulled(image_id: str, digest: str) -> None:
    assert Container(image="registry.example/erp/a:tag", image_id=image_id).digest == digest


def test_a_function_runs_the_digest_that_lambda_resolved_not_the_tag_it_was_given() -> None:
    given = FunctionState(name="f", package_type="Image", image="registry.example/erp/f:latest")
    assert given.digest == ""
    assert replace(given, resolved=f"registry.example/erp/f@{DIGEST}").digest == DIGEST
