"""Proof: read back from the cluster and from Lambda."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from erp_build.clients.protocols import Clients
from erp_build.deployment.proof import prove, prove_running
from erp_build.errors import VerificationFailed
from erp_build.model.releases.deployment import Proof
from erp_build.model.releases.kubernetes import Container, ContainerTemplate, ObjectName, Pod, Workload
from erp_build.model.releases.release import Release
from tests.fakes.deployments import Trouble, object_of
from tests.fakes.registry import HOST
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.cases import cases
from tests.support.samples import EMPLOYEE, NOTIFICATION, OTHER_DIGEST, REQUEST

IMAGE = f"{HOST}/erp/{NOTIFICATION}"
OTHER = f"{IMAGE}@{OTHER_DIGEST}"


def prove_again(world: FakeWorld, clients: Clients | None = None) -> tuple[Proof, ...]:
    """Prove the deployment of the last run once more."""
    report = world.report
    assert report.plan is not None
    assert report.deployment is not None
    return prove(world.site(clients), report.plan, report.cleared, report.deployment)


class Altered:
    """A cluster whose Deployment of the notification service is another one."""

    def __init__(self, world: FakeWorld, alter: Callable[[Workload], Workload]) -> None:
        self._world = world
        self._alter = alter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.cluster, name)

    def workloads(
        self, release: Release, also: Collection[ObjectName] = (), only: Collection[str] | None = None
    ) -> tuple[Workload, ...]:
        found = self._world.cluster.workloads(release, also, only)
        return tuple(self._alter(one) if one.name == NOTIFICATION else one for one in found)

    def architectures(self, cluster: str) -> frozenset[str]:
        return self._world.cluster.architectures(cluster)


def altered(world: FakeWorld, alter: Callable[[Workload], Workload]) -> Any:
    return Altered(world, alter)


def pod(digest: str, *, current: bool = True) -> Pod:
    return Pod(
        name="extra",
        current=current,
        containers=(Container(name=NOTIFICATION, image=IMAGE, image_id=f"{IMAGE}@{digest}"),),
    )


def test_a_proof_counts_pods_and_functions(changed: FakeWorld) -> None:
    proofs = prove_again(changed)
    assert [(proof.target, proof.replicas, proof.holds) for proof in proofs] == [
        (NOTIFICATION, 2, True),
        (EMPLOYEE, 1, True),
    ]
    running = changed.cluster.digest(NOTIFICATION)
    assert changed.progress.lines[-2] == f"{NOTIFICATION}: built = scanned = running = {running[:19]} (2)"


@pytest.mark.parametrize(
    ("alter", "why"),
    [
        pytest.param(lambda one: replace(one, pods=(*one.pods, pod(OTHER_DIGEST))), OTHER_DIGEST, id="one other pod"),
        pytest.param(lambda one: replace(one, pods=()), "runs nothing", id="no pods"),
        pytest.param(lambda one: replace(one, pods=(pod(""),)), "runs nothing", id="a pod that pulled nothing"),
        pytest.param(
            lambda one: replace(one, containers=(ContainerTemplate("nginx", "nginx:1"),)),
            "runs nothing",
            id="another Deployment",
        ),
    ],
)
def test_pods_that_do_not_all_run_the_cleared_image_fail(
    changed: FakeWorld, alter: Callable[[Workload], Workload], why: str
) -> None:
    with pytest.raises(VerificationFailed, match="1 targets do not run what was cleared") as caught:
        prove_again(changed, replace(changed.clients(), cluster=altered(changed, alter)))
    assert why in caught.value.why


def test_pods_of_an_older_revision_and_sidecars_prove_nothing(changed: FakeWorld) -> None:
    sidecar = Container(image="sidecar:1", image_id=f"{HOST}/sidecar@{OTHER_DIGEST}")

    def alter(one: Workload) -> Workload:
        pods = [replace(item, containers=(*item.containers, sidecar)) for item in one.pods]
        return replace(one, pods=(*pods, pod(OTHER_DIGEST, current=False)))

    assert prove_again(changed, replace(changed.clients(), cluster=altered(changed, alter)))[0].replicas == 2


def test_a_function_that_somebody_else_updated_fails(changed: FakeWorld) -> None:
    state = changed.functions.states[FUNCTION]
    changed.functions.states[FUNCTION] = replace(state, resolved=f"{HOST}/{FUNCTION_REPOSITORY}@{OTHER_DIGEST}")
    with pytest.raises(VerificationFailed) as caught:
        prove_again(changed)
    assert caught.value.why.startswith(f"{EMPLOYEE}: built sha256:")
    assert caught.value.why.endswith(f"runs {OTHER_DIGEST}")


def test_a_function_that_is_gone_fails(changed: FakeWorld) -> None:
    changed.functions.states.clear()
    with pytest.raises(VerificationFailed, match="1 targets") as caught:
        prove_again(changed)
    assert "runs nothing" in caught.value.why


def test_a_service_that_was_left_alone_must_keep_its_tag(changed: FakeWorld) -> None:
    tag = changed.cluster.running()[REQUEST]
    changed.cluster.deployments[REQUEST].image = f"{HOST}/erp/{REQUEST}:0ther12"
    with pytest.raises(VerificationFailed) as caught:
        prove_again(changed)
    assert caught.value.why == f"{REQUEST}: should keep {tag}, has 0ther12"


def test_a_service_that_was_left_alone_must_still_be_there(changed: FakeWorld) -> None:
    del changed.cluster.deployments[REQUEST]
    with pytest.raises(VerificationFailed) as caught:
        prove_again(changed)
    assert caught.value.why.endswith("has no Deployment")


def test_a_pod_that_has_pulled_nothing_yet_is_not_counted(changed: FakeWorld) -> None:
    def alter(one: Workload) -> Workload:
        return replace(one, pods=(*one.pods, pod("")))

    assert prove_again(changed, replace(changed.clients(), cluster=altered(changed, alter)))[0].replicas == 2


def test_a_service_that_leads_to_no_ready_pod_is_no_proof(changed: FakeWorld) -> None:
    changed.cluster.unreachable.add(NOTIFICATION)
    with pytest.raises(VerificationFailed) as caught:
        prove_again(changed)
    assert f"{NOTIFICATION}: the Service {NOTIFICATION} leads to no ready pod (2 are not ready)" in caught.value.why


def prove_cleared(world: FakeWorld, clients: Clients) -> tuple[Proof, ...]:
    """As a run proves what it has just deployed."""
    return prove_again(world, clients)


def prove_by_the_registry(world: FakeWorld, clients: Clients) -> tuple[Proof, ...]:
    """As `verify` and a rollback prove what runs."""
    images = {one.image.target: world.registry.stored(one.image.repository, one.image.digest)
              for one in world.report.cleared}  # fmt: skip
    return prove_running(world.site(clients), {name: image.digest for name, image in images.items() if image})


@pytest.mark.parametrize("caller", [prove_cleared, prove_by_the_registry])
@pytest.mark.parametrize("case", cases("proof"))
def test_both_proofs_hold_for_the_same_deployments(
    changed: FakeWorld, case: dict[str, Any], caller: Callable[[FakeWorld, Clients], tuple[Proof, ...]]
) -> None:
    digests = {"cleared": changed.cluster.digest(NOTIFICATION), "other": OTHER_DIGEST}
    if not case["ready"]:
        changed.cluster.unreachable.add(NOTIFICATION)

    def alter(one: Workload) -> Workload:
        pods = tuple(pod(digests[name]) for name in case["pods"])
        named = ContainerTemplate(NOTIFICATION, f"{IMAGE}@{digests[case['names']]}")
        return replace(one, desired=case["replicas"], containers=(named,), pods=pods)

    clients = replace(changed.clients(), cluster=altered(changed, alter))
    if case["why"]:
        with pytest.raises(VerificationFailed, match="1 targets do not run what") as caught:
            caller(changed, clients)
        assert case["why"] in caught.value.why
    else:
        assert all(proof.holds for proof in caller(changed, clients))


def container(name: str = NOTIFICATION, *, image: str = IMAGE, image_id: str = "", is_init: bool = False) -> Container:
    return Container(name=name, image=image, image_id=image_id, is_init=is_init, ready=True)


@pytest.mark.parametrize(
    ("make", "holds"),
    [
        pytest.param(
            lambda right: [container(image_id=f"mirror.internal/x@{right}")], True, id="pulled by another name"
        ),
        pytest.param(
            lambda right: [container(image=f"{IMAGE}@{right}", image_id="sha256:c0f1")], True, id="no digest told"
        ),
        pytest.param(lambda right: [container(image=f"{IMAGE}@{right}")], True, id="no image told, and it runs"),
        pytest.param(lambda _: [container(image_id="sha256:c0f1")], False, id="no digest told, and none named"),
        pytest.param(
            lambda right: [container(image_id=f"{IMAGE}@{right}"), container("migrate", image_id=OTHER, is_init=True)],
            True,
            id="an init container of the same repository",
        ),
        pytest.param(
            lambda right: [container(image_id=f"{IMAGE}@{right}"), container("sidecar", image_id=OTHER)],
            True,
            id="a sidecar that was injected",
        ),
        pytest.param(
            lambda right: [container("sidecar", image_id=f"{IMAGE}@{right}"), container(image_id=OTHER)],
            False,
            id="the right digest in another container",
        ),
    ],
)
def test_the_container_is_known_by_its_name_and_its_digest_is_compared(
    changed: FakeWorld, make: Callable[[str], list[Container]], *, holds: bool
) -> None:
    found = tuple(make(changed.cluster.digest(NOTIFICATION)))

    def alter(one: Workload) -> Workload:
        return replace(one, pods=(Pod(name="a", current=True, containers=found),))

    clients = replace(changed.clients(), cluster=altered(changed, alter))
    if holds:
        assert prove_again(changed, clients)[0].replicas == 1
    else:
        with pytest.raises(VerificationFailed, match="do not run what was cleared"):
            prove_again(changed, clients)


def test_a_repository_whose_name_ends_alike_is_another_one(changed: FakeWorld) -> None:
    def alter(one: Workload) -> Workload:
        return replace(one, containers=(ContainerTemplate(NOTIFICATION, IMAGE.replace("/erp/", "/derp/")),))

    with pytest.raises(VerificationFailed, match="do not run what was cleared") as caught:
        prove_again(changed, replace(changed.clients(), cluster=altered(changed, alter)))
    assert "runs nothing" in caught.value.why


@pytest.mark.parametrize(("digest", "holds"), [("", True), (OTHER_DIGEST, False)])
def test_every_deployment_with_the_image_of_a_service_is_proven(
    changed: FakeWorld, digest: str, *, holds: bool
) -> None:
    image = changed.cluster.deployments[NOTIFICATION].image
    twin = object_of("Deployment", "worker", image)
    changed.helm.made(twin)
    right = changed.cluster.digest(NOTIFICATION)
    changed.cluster.troubles["Deployment worker"] = Trouble(ready=True, digest=digest or right)
    if holds:
        assert prove_again(changed)[0].replicas == 4
    else:
        with pytest.raises(VerificationFailed) as caught:
            prove_again(changed)
        assert f"runs {' and '.join(sorted((right, OTHER_DIGEST)))}" in caught.value.why
