"""The same effect has the same note, whoever performs it: live (`test_live`), in a rehearsal and in the stage tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import Effects, Journal, NotedEffects
from erp_build.clients.rehearsal.effects import RehearsedEffects
from erp_build.errors import BuildFailed, ErpBuildError, PushFailed
from erp_build.model.effect import Effect, EffectKind, EffectState
from tests.contract.effects.conftest import DIGEST
from tests.contract.effects.test_live import EFFECTS, IMAGE, REQUEST
from tests.fakes.deployments import Deployments
from tests.fakes.effects import FakeEffects
from tests.fakes.functions import FakeFunctions
from tests.fakes.helm import FakeHelm, values_text
from tests.fakes.leases import FakeLeases
from tests.fakes.registry import HOST, FakeRegistry

Made = tuple[Effects, Journal, EffectState]


def in_memory() -> FakeEffects:
    registry, functions = FakeRegistry(["erp/a"]), FakeFunctions()
    registry.images[DIGEST] = IMAGE
    functions.create("employee", f"{HOST}/erp/a:abc1234", DIGEST)
    clock = SimulatedClock()
    helm = FakeHelm(Deployments(clock))
    helm.was_deployed(values_text({"a": f"{HOST}/erp/a"}))
    return FakeEffects(registry, functions, helm, FakeLeases(clock))


def fake() -> Made:
    effects = in_memory()
    return effects, effects.journal, "performed"


def rehearsal() -> Made:
    journal = Journal()
    return NotedEffects(RehearsedEffects(), journal, "assumed"), journal, "assumed"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "backend").mkdir()
    (tmp_path / "v.yaml").write_text(values_text({"a": f"{HOST}/erp/a"}), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("make", [fake, rehearsal])
@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_is_noted_by_the_words_of_the_live_one(name: str, make: Callable[[], Made], root: Path) -> None:
    effects, journal, state = make()
    effects.package([REQUEST.target], lambda *_: None)
    effects.build_image(REQUEST)
    target, perform = EFFECTS[name]
    perform(effects, root)
    assert journal.effects[-1] == Effect(name=EffectKind(name), target=target, state=state)
    assert len(journal.effects) == 3


@pytest.mark.parametrize("make", [fake, rehearsal])
def test_a_push_has_a_digest(make: Callable[[], Made]) -> None:
    effects, _, _ = make()
    effects.package([REQUEST.target], lambda *_: None)
    effects.build_image(REQUEST)
    digest = effects.push(REQUEST).digest
    assert digest.startswith("sha256:")
    assert len(digest) == len(DIGEST)


def test_a_rehearsal_writes_nothing(root: Path) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    effects, _, _ = rehearsal()
    for _, perform in EFFECTS.values():
        perform(effects, root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("package", BuildFailed("no")),
        ("build_image", BuildFailed("no")),
        ("push", PushFailed("no")),
    ],
)
def test_the_fake_notes_a_failure_as_the_live_one_does(name: str, error: ErpBuildError, root: Path) -> None:
    effects = in_memory()
    effects.failures[name, "a"] = error
    target, perform = EFFECTS[name]
    with pytest.raises(type(error), match="no"):
        perform(effects, root)
    assert effects.journal.effects == [Effect(name=EffectKind(name), target=target, state="failed")]
