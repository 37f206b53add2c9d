"""The rollout of few of many services: it looks at those, and at the end at all of them once more."""

from collections.abc import Collection

import pytest

from erp_build.clients.effects import UpgradeRequest
from erp_build.deployment.rollout.wait import MANY_OTHERS
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.kubernetes import ObjectName, Workload
from erp_build.model.releases.release import Release
from tests.fakes.deployments import NEVER_READY
from tests.support.counted_world import CountedWorld

Looks = list[Collection[str] | None]
"""The names that each look of a run asks for; None: all."""

FIRST, LAST = "svc-0000-service", f"svc-{MANY_OTHERS:04}-service"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> CountedWorld:
    return CountedWorld.deployed(tmp_path_factory.mktemp("many") / "repository", MANY_OTHERS + 1, functions=0)


@pytest.fixture
def looks(many: CountedWorld, monkeypatch: pytest.MonkeyPatch) -> Looks:
    """The looks since the last upgrade."""
    found: Looks = []
    real, upgrade = many.cluster.workloads, many.helm.upgrade

    def noted(
        release: Release, also: Collection[ObjectName] = (), only: Collection[str] | None = None
    ) -> tuple[Workload, ...]:
        found.append(only)
        return real(release, also, only)

    def begun(request: UpgradeRequest) -> None:
        found.clear()
        upgrade(request)

    monkeypatch.setattr(many.cluster, "workloads", noted)
    monkeypatch.setattr(many.helm, "upgrade", begun)
    return found


def test_only_the_first_look_the_last_one_and_the_proof_are_at_all(many: CountedWorld, looks: Looks) -> None:
    many.change_first(1, "one")
    many.run()
    *middle, last_of_rollout, proof, first_errors = looks[1:]
    assert looks[0] is None
    assert set(map(tuple, filter(None, middle))) == {(FIRST,)}
    assert None not in middle
    assert (last_of_rollout, proof, first_errors) == (None, None, (FIRST,))


def test_an_unchanged_service_that_is_unhealthy_at_the_end_is_warned_of(
    many: CountedWorld, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = many.helm.upgrade

    def breaks_the_last(request: UpgradeRequest) -> None:
        upgrade(request)
        many.cluster.troubles[LAST] = NEVER_READY

    monkeypatch.setattr(many.helm, "upgrade", breaks_the_last)
    many.change_first(1, "two")
    many.progress.lines.clear()
    try:
        many.run()
    finally:
        many.cluster.troubles.clear()
    assert (FIRST,) in looks
    assert any(line.startswith(f"{LAST}: warning: unhealthy, and not changed") for line in many.progress.lines)


def test_one_that_never_gets_ready_fails_with_its_pods(many: CountedWorld, looks: Looks) -> None:
    many.change_first(1, "three")
    many.cluster.troubles[FIRST] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="not complete in time") as caught:
        many.run()
    assert f"  {FIRST}-" in caught.value.why
    assert (FIRST,) in looks
