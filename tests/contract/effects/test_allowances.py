"""What of a Dockerfile `[[build.allow]]` lets pass, and that nothing else passes with it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from erp_build.build.image_builder import ImageBuilder
from erp_build.clients.effects import ImageRequest
from erp_build.errors import BuildFailed
from erp_build.model.build_options import Allowance, BuildOptions
from erp_build.model.project import Service
from tests.contract.effects.conftest import INSPECTED, VERSION
from tests.support.assembly import assembly
from tests.support.loopback import Loopback

if TYPE_CHECKING:
    from erp_build.clients.aws.registry import EcrRegistry

SERVICE = Service("a", "backend/a", "a", "services.a")
SECRET = "ENV DB_PASSWORD=hunter2-hunter2"
SOURCE = "COPY nowhere /x"
NEEDS_BUILDKIT = "COPY --link Dockerfile /x"
REASON = "an invented one"


class Host:
    """What a build needs of a registry."""

    def host(self) -> str:
        return "host"


def require(images: ImageBuilder) -> None:
    """What is looked at before anything is built."""
    images.require_buildable(SERVICE)


def build(images: ImageBuilder) -> None:
    """A build, which looks at the sources once they are made."""
    request = ImageRequest(target=SERVICE, repository="erp/a", tag="abc1234", commit="c" * 40)
    images.build(request, None)


CASES = [
    pytest.param(SECRET, ("secret", "DB_PASSWORD"), require, "holds a secret", id="secret"),
    pytest.param(SOURCE, ("source", "nowhere"), build, "copies what is not there", id="source"),
    pytest.param(NEEDS_BUILDKIT, ("buildkit", "COPY --link"), require, "needs BuildKit", id="buildkit"),
]


def images_of(root: Path, line: str, *allow: Allowance) -> ImageBuilder:
    """The builder of a service whose Dockerfile has this line; it builds by the classic one."""
    folder = root / SERVICE.path
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM x\n{line}\n", encoding="utf-8")
    options = BuildOptions(builder="classic", allow=tuple(map(tuple, allow)))  # type: ignore[arg-type]
    return assembly(root, root / "scratch", registry=cast("EcrRegistry", Host()), options=options).images


@pytest.fixture
def engine(docker: Loopback) -> Loopback:
    """An engine that has the base image."""
    docker.serve(f"/v{VERSION}/images/x/json", INSPECTED)
    return docker


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("line", "allowed", "asked", "what"), CASES)
def test_a_finding_is_refused_with_its_line_and_the_table_that_lets_it_pass(
    tmp_path: Path, line: str, allowed: tuple[str, str], asked: Callable[[ImageBuilder], None], what: str
) -> None:
    with pytest.raises(BuildFailed, match=what) as caught:
        asked(images_of(tmp_path, line))
    assert caught.value.where == "backend/a/Dockerfile:2"
    assert allowed[1] in caught.value.why
    assert "[[build.allow]] with a reason" in caught.value.next_step
    assert "hunter2" not in f"{caught.value.why}{caught.value.next_step}"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("services", [(), ("a",), ("b", "a")], ids=["all", "this one", "among others"])
@pytest.mark.parametrize(("line", "allowed", "asked"), [pytest.param(*case.values[:3], id=case.id) for case in CASES])
def test_what_is_meant_passes(
    tmp_path: Path,
    line: str,
    allowed: tuple[str, str],
    asked: Callable[[ImageBuilder], None],
    services: tuple[str, ...],
) -> None:
    """Nothing is raised."""
    asked(images_of(tmp_path, line, Allowance(*allowed, REASON, services)))


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("other", ["service", "name", "finding"])
@pytest.mark.parametrize(("line", "allowed", "asked", "what"), CASES)
def test_what_is_meant_elsewhere_is_still_refused(
    tmp_path: Path, line: str, allowed: tuple[str, str], asked: Callable[[ImageBuilder], None], what: str, other: str
) -> None:
    finding, name = allowed
    kinds = {"secret": "source", "source": "buildkit", "buildkit": "secret"}
    allow = {
        "service": Allowance(finding, name, REASON, ("b",)),
        "name": Allowance(finding, f"{name}2", REASON),
        "finding": Allowance(kinds[finding], name, REASON),
    }[other]
    with pytest.raises(BuildFailed, match=what):
        asked(images_of(tmp_path, line, allow))


def test_of_two_findings_the_one_that_is_not_meant_is_told_alone(tmp_path: Path) -> None:
    images = images_of(tmp_path, f"{SECRET}\nENV API_TOKEN=hunter3-hunter3", Allowance("secret", "DB_PASSWORD", REASON))
    with pytest.raises(BuildFailed, match="holds a secret") as caught:
        require(images)
    assert (caught.value.where, caught.value.why) == ("backend/a/Dockerfile:3", "line 3: ENV API_TOKEN has a value")


def test_an_allowed_source_reaches_the_builder_which_judges_it(tmp_path: Path, engine: Loopback) -> None:
    build(images_of(tmp_path, SOURCE, Allowance("source", "nowhere", REASON)))
    assert [asked for asked in engine.asked if "/build?" in asked.path]
