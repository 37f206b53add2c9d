"""What is asked of the machine before a build: the real assembly and the fake of the stage tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.build.assembly import LocalAssembly
from erp_build.clients.protocols import Assembly
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.model.project import Service
from tests.contract.effects.conftest import VERSION
from tests.fakes.account import FakeAssembly
from tests.support.assembly import assembly
from tests.support.loopback import Loopback

SERVICES = tuple(Service(name, f"backend/{name}", name, f"services.{name}") for name in ("a", "b"))


def without_program(root: Path) -> LocalAssembly:
    """Neither Maven nor engine is there."""
    return assembly(root, root / "scratch")


def fake_without_program(_: Path) -> FakeAssembly:
    fake = FakeAssembly()
    fake.missing = "Maven"
    return fake


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two services that could be built; no program in PATH."""
    for service in SERVICES:
        folder = tmp_path / service.path
        folder.mkdir(parents=True)
        for name in ("pom.xml", "Dockerfile"):
            (folder / name).write_text("x", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def give_maven(root: Path) -> None:
    for service in SERVICES:
        (root / service.path / "mvnw").write_text("exit 0\n", encoding="utf-8")


@pytest.mark.parametrize("make", [without_program, fake_without_program], ids=["local", "fake"])
def test_what_is_missing_concerns_a_build_alone(make: Callable[[Path], Assembly], root: Path) -> None:
    made = make(root)
    made.require_buildable(())
    with pytest.raises(BuildFailed, match="there is no Maven"):
        made.require_buildable(SERVICES)


def test_everything_that_a_build_needs_is_enough(root: Path, docker: Loopback) -> None:
    give_maven(root)
    assembly(root, root / "scratch").require_buildable(SERVICES)
    assert docker.asked[-1].path == f"/v{VERSION}/_ping"


@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize(
    ("file", "what", "where"),
    [
        pytest.param("pom.xml", "the service has no pom.xml", "backend/b", id="pom"),
        pytest.param("Dockerfile", "there is no Dockerfile", "backend/b/Dockerfile", id="Dockerfile"),
    ],
)
def test_a_file_that_is_missing_in_the_last_service_is_named(root: Path, file: str, what: str, where: str) -> None:
    give_maven(root)
    (root / "backend" / "b" / file).unlink()
    with pytest.raises(BuildFailed, match=what) as caught:
        assembly(root, root / "scratch").require_buildable(SERVICES)
    assert caught.value.where.endswith(where)


@pytest.mark.parametrize("name", ["", "Dockerfile"], ids=["the service's directory", "the Dockerfile"])
def test_what_a_link_takes_from_outside_of_the_repository_is_not_built(root: Path, tmp_path: Path, name: str) -> None:
    give_maven(root)
    inside = root / "backend" / "b" / name
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    inside.rename(outside)
    inside.symlink_to(outside)
    with pytest.raises(ConfigurationError, match="leads out of the repository") as caught:
        assembly(root, root / "scratch").require_buildable(SERVICES)
    assert caught.value.where.endswith(f"backend/b/{name}".rstrip("/"))
