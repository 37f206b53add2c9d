"""Services without Maven: a stage with its arguments, of the whole repository, by the classic builder and BuildKit."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.docker.buildkit import DOCKER_CONFIG
from sandbox.endpoints import REGISTRY_HOST
from sandbox.erp_build_process import Finished
from sandbox.lanes import in_lane
from sandbox.sample import erp_repository
from sandbox.tenants import provisioning
from sandbox.tenants.tenant import Tenant
from tests.world.building import OTHER, SERVICE, Workplace, files_of_images

pytestmark = pytest.mark.world

COPIED = "COPY shared/word.txt /\n"
MOUNTED = 'RUN --mount=type=bind,source=shared,target=/shared ["/bin/busybox", "cp", "/shared/word.txt", "/word.txt"]\n'
TAKES_WORD = {SERVICE: COPIED, OTHER: MOUNTED}
"""Service -> how it takes what lies beside it; the second way is one of BuildKit alone."""

DOCKERFILE = """FROM scratch AS base
COPY shared/busybox /bin/
FROM base AS app
ARG GREETING=unset
COPY backend/{name}/content.txt /
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox echo $GREETING >/greeting"]
{takes_word}FROM base AS broken
RUN ["/bin/busybox", "false"]
"""
SERVICE_TABLE = """
[[service]]
path = "backend/{name}"
package = "none"
context = "."
docker_target = "app"
args = {{ GREETING = "good morning" }}
"""


def repository(folder: Path, tenant: Tenant) -> Workplace:
    """A repository with two services whose Dockerfiles take what lies beside them; their last stage cannot be built."""
    place = Workplace(tenant, folder / "erp")
    tables = "".join(SERVICE_TABLE.format(name=name) for name in TAKES_WORD)
    files = {
        "erp-build.toml": f'parameters = "{tenant.parameters}"\n{tables}',
        "shared/word.txt": "the first word\n",
        "docs/page.md": "one\n",
    }
    for name, takes_word in TAKES_WORD.items():
        files[f"backend/{name}/Dockerfile"] = DOCKERFILE.format(name=name, takes_word=takes_word)
        files[f"backend/{name}/content.txt"] = f"content of {name}\n"
    for path, text in files.items():
        (place.root / path).parent.mkdir(parents=True, exist_ok=True)
        (place.root / path).write_text(text, encoding="utf-8")
    shutil.copy("/bin/busybox", place.root / "shared")
    erp_repository.begin(place.root, "단계와 넓은 컨텍스트")
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _sandbox: None) -> Iterator[Workplace]:
    """The repository; nothing of it is in the registry yet."""
    tenant = provisioning.create(in_lane("stages"))
    yield repository(tmp_path_factory.mktemp("stages"), tenant)
    provisioning.remove(tenant)


@pytest.fixture(scope="module")
def built(place: Workplace) -> Finished:
    """One run that builds both."""
    return build(place)


def build(place: Workplace) -> Finished:
    return place.build(*TAKES_WORD, variables={"DOCKER_CONFIG": str(DOCKER_CONFIG)})


def content(place: Workplace, name: str) -> set[bytes]:
    return set(files_of_images(f"{REGISTRY_HOST}/{place.repository(name)}:{place.tag}"))


def actions(done: Finished) -> dict[str, str]:
    assert done.code == 0, done.stderr
    return {target["name"]: target["action"] for target in done.report["targets"] if target["action"] != "none"}


@pytest.mark.parametrize("name", [pytest.param(SERVICE, id="classic"), pytest.param(OTHER, id="BuildKit")])
def test_the_stage_is_built_with_its_argument_and_what_lies_beside_it(
    place: Workplace, built: Finished, name: str
) -> None:
    assert actions(built) == dict.fromkeys(TAKES_WORD, "build")
    wanted = {b"the first word\n", b"good morning\n", f"content of {name}\n".encode()}
    assert wanted - content(place, name) == set()


def test_only_what_the_dockerfiles_take_of_the_repository_makes_another_image(
    place: Workplace, built: Finished
) -> None:
    assert actions(built) == dict.fromkeys(TAKES_WORD, "build")
    (place.root / "docs/page.md").write_text("two\n", encoding="utf-8")
    erp_repository.commit(place.root, "문서")
    assert actions(build(place)) == dict.fromkeys(TAKES_WORD, "reuse")
    (place.root / "shared/word.txt").write_text("the second word\n", encoding="utf-8")
    erp_repository.commit(place.root, "공유 파일")
    assert actions(build(place)) == dict.fromkeys(TAKES_WORD, "build")
    assert [name for name in TAKES_WORD if b"the second word\n" not in content(place, name)] == []
