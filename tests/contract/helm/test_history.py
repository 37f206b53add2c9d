"""What Helm promises of a release's history: the real tool over recorded answers, and the fake of the stage tests."""

import json
from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import UpgradeRequest
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.release import Release
from tests.contract.helm.conftest import RELEASE, StubHelm
from tests.contract.helm.test_calls import HISTORY
from tests.contract.helm.test_errors import RECORDED
from tests.fakes.deployments import Deployments
from tests.fakes.helm import FakeHelm
from tests.support.migrating import job

PLACE = Release("erp-dev", "erp-dev", "erp-microservices")
EVENTS = "pre-install,pre-upgrade"


@pytest.fixture
def fake() -> FakeHelm:
    return FakeHelm(Deployments(SimulatedClock()))


@pytest.fixture
def request_of(tmp_path: Path) -> UpgradeRequest:
    values = tmp_path / "values.yaml"
    values.write_text("replicaCount: 2\nservices: {}\n", encoding="utf-8")
    return UpgradeRequest(release=PLACE, chart=tmp_path, values=values, description="erp-build abc1234", timeout=60)


def test_a_release_that_was_never_installed_has_no_revision(helm: StubHelm, fake: FakeHelm) -> None:
    helm.answer(1, err="Error: release: not found\n")
    assert helm.tool.history(RELEASE) == fake.history(PLACE) == ()


def test_a_revision_that_is_replaced_is_superseded_and_one_cut_off_is_pending(
    helm: StubHelm, fake: FakeHelm, request_of: UpgradeRequest
) -> None:
    fake.upgrade(request_of)
    fake.upgrade(request_of)
    assert [(one.number, one.status) for one in fake.history(PLACE)] == [(1, "superseded"), (2, "deployed")]
    fake = FakeHelm(Deployments(SimulatedClock()))
    fake.upgrade(request_of)
    fake.is_pending()
    helm.answer(out=json.dumps([{**HISTORY[0], "status": "deployed"}, HISTORY[1]]))
    real = helm.tool.history(RELEASE)
    assert [(one.number, one.status) for one in fake.history(PLACE)] == [(one.number, one.status) for one in real]
    assert fake.history(PLACE)[0].description == real[0].description


def test_where_nothing_is_deployed_an_upgrade_supersedes_even_what_failed(
    fake: FakeHelm, request_of: UpgradeRequest
) -> None:
    """`originalRelease` in pkg/action/upgrade.go of Helm 3.14 to 4: without a deployed revision it is the last one."""
    fake.failures["upgrade"] = ReleaseFailed("refused")
    with pytest.raises(ReleaseFailed, match="refused"):
        fake.upgrade(request_of)
    fake.failures.clear()
    fake.upgrade(request_of)
    assert [one.status for one in fake.history(PLACE)] == ["superseded", "deployed"]


def test_an_uninstalled_release_keeps_its_history_only_when_asked(fake: FakeHelm, request_of: UpgradeRequest) -> None:
    """Status and words are those of pkg/action/uninstall.go, and of `replaceRelease` in install.go."""
    fake.upgrade(request_of)
    fake.upgrade(request_of)
    fake.uninstall(keep_history=True)
    last = fake.history(PLACE)[-1]
    assert (last.number, last.status, last.description) == (2, "uninstalled", "Uninstallation complete")
    fake.upgrade(request_of)
    found = [(one.status, one.description) for one in fake.history(PLACE)[-2:]]
    assert found == [("superseded", "superseded by new release"), ("deployed", "erp-build abc1234")]
    fake.uninstall()
    assert fake.history(PLACE) == ()


@pytest.mark.parametrize("version", ["v3", "v4"])
def test_an_upgrade_beside_another_operation_is_refused_by_the_same_words(
    version: str, helm: StubHelm, fake: FakeHelm, request_of: UpgradeRequest
) -> None:
    helm.answer(1, err=(RECORDED / f"{version}-pending.txt").read_text(encoding="utf-8"))
    fake.is_pending()
    with pytest.raises(ReleaseFailed) as real:
        helm.tool.upgrade(RELEASE, request_of.chart, request_of.values, "x", 60)
    with pytest.raises(ReleaseFailed) as faked:
        fake.upgrade(request_of)
    assert faked.value.what in f"{real.value.what} {real.value.why}"
    assert [one.status for one in fake.history(PLACE)] == ["pending-install"]


def test_the_hooks_that_ran_are_asked_of_one_revision_without_its_values(
    helm: StubHelm, fake: FakeHelm, request_of: UpgradeRequest
) -> None:
    fake.makes = lambda _: [job()]
    fake.upgrade(request_of)
    helm.answer(out=f"2026-11-20T06:00:00Z\nJob\terp-migrate\tSucceeded\t2026-11-20T06:00:01Z\t{EVENTS},\n")
    assert helm.tool.hook_runs(RELEASE, 1) == fake.hook_runs(PLACE, 1)
    words = helm.call().words
    assert (words[:2], words[-2:]) == (["get", "all"], ["--", "erp"])
    assert words[words.index("--revision") + 1] == "1"
    assert not {"Config", "Manifest", "Chart"} & set(words[words.index("--template") + 1].replace("}", ".").split("."))
