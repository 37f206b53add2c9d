"""Each service is packaged by the one that it names; what a packager of a caller does wrong is told as its own."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from erp_build.build.packagers.chosen import Packagers
from erp_build.build.packagers.maven import MavenPackager
from erp_build.build.packagers.protocol import Packager
from erp_build.build.packagers.workbench import Workbench
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import OnPackaged
from erp_build.clients.maven.program import Maven
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.model.build_options import BuildOptions
from erp_build.model.project import Function, Service
from tests.fakes.account import FakeProgress
from tests.support.assembly import surroundings


def service(name: str, package: str) -> Service:
    return Service(name, f"apps/{name}", name, f"services.{name}", package=package)


class Own:
    """A packager that runs a program in each service; `broken` raises what nobody expects."""

    inputs, key, makes = ("shared",), "1", "out"

    def __init__(
        self, name: str = "own", words: Sequence[str] = ("sh", "-c", "echo $KEPT_X > out"), *, broken: str = ""
    ) -> None:
        self.name = name
        self._words, self._broken = words, broken

    def require_packable(self, folder: Path) -> None:
        if not folder.is_dir():
            raise BuildFailed("there is no folder", where=str(folder))

    def package(self, bench: Workbench, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        for target in targets:
            if target.name == self._broken:
                raise KeyError(target.name)
            seconds = bench.run(self._words, target, "KEPT_")
            if target.name != "forgotten":
                on_packaged(target.name, seconds)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a", "b", "web", "forgotten"):
        (tmp_path / "apps" / name).mkdir(parents=True)
    return tmp_path


def packagers(root: Path, *others: Packager) -> Packagers:
    progress = FakeProgress()
    maven = MavenPackager(Maven(surroundings(root, root / "scratch", progress), BuildOptions()))
    return Packagers(maven, others, Workbench(root=root, timeout=60, clock=SimulatedClock(), progress=progress))


def package(root: Path, own: Packager, *targets: Service) -> list[str]:
    done: list[str] = []
    packagers(root, own).package(targets, lambda name, _: done.append(name))
    return done


def test_a_service_without_a_packager_is_ready_at_once_and_needs_nothing(root: Path) -> None:
    web = service("web", "none")
    packagers(root).require_packable([web])
    assert package(root, Own(), web, service("a", "own")) == ["web", "a"]


def test_a_program_of_a_packager_gets_the_variables_that_it_names_and_no_others(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT_X", "kept")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented")
    assert package(root, Own(words=["sh", "-c", "env > out"]), service("a", "own")) == ["a"]
    found = (root / "apps/a/out").read_text(encoding="utf-8")
    assert "KEPT_X=kept" in found
    assert "AWS_SECRET_ACCESS_KEY" not in found


@pytest.mark.parametrize(
    ("own", "what", "why"),
    [
        pytest.param(Own(words=["sh", "-c", "echo no such task >&2; exit 3"]), "sh failed", "no such task", id="fails"),
        pytest.param(Own(words=["no-such-program"]), "no-such-program failed", "No such file", id="is not there"),
        pytest.param(Own(broken="a"), "the packager own failed", "KeyError: 'a'", id="has a mistake"),
    ],
)
def test_a_failure_names_its_service_and_those_that_were_not_made(root: Path, own: Own, what: str, why: str) -> None:
    done: list[str] = []
    targets = [service("a", "own"), service("b", "own"), service("web", "none")]
    with pytest.raises(BuildFailed, match=what) as caught:
        packagers(root, own).package(targets, lambda name, _: done.append(name))
    assert done == ["web"]
    assert caught.value.targets == {"a", "b"}
    assert why in caught.value.why
    assert caught.value.next_step


def test_the_services_of_other_packagers_are_made_after_a_failure(root: Path) -> None:
    done: list[str] = []
    chosen = packagers(root, Own("bad", ["false"]), Own("good"))
    with pytest.raises(BuildFailed, match="false failed") as caught:
        chosen.package([service("a", "bad"), service("b", "good")], lambda name, _: done.append(name))
    assert done == ["b"]
    assert caught.value.targets == {"a"}


def test_a_service_that_its_packager_forgets_has_failed(root: Path) -> None:
    with pytest.raises(BuildFailed, match="the packager own failed") as caught:
        package(root, Own(), service("forgotten", "own"))
    assert "did not call `on_packaged`" in caught.value.why
    assert caught.value.targets == {"forgotten"}


def test_what_a_packager_lacks_is_told_before_anything_is_built(root: Path) -> None:
    with pytest.raises(BuildFailed, match="there is no folder"):
        packagers(root, Own()).require_packable([service("nowhere", "own")])


def test_a_packager_that_nobody_has_given_is_named_with_the_likely_one(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no packager `owm`") as caught:
        packagers(root, Own()).require_packable([service("a", "owm")])
    assert "did you mean `own`?" in caught.value.next_step


@pytest.mark.parametrize("names", [["maven"], ["none"], ["Own"], ["own", "own"], ["a b"]])
def test_a_packager_has_a_name_of_its_own(root: Path, names: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=f"can be called `{names[-1]}`"):
        packagers(root, *(Own(name) for name in names))
