"""What a build may use: bases that want a sign-in, a build secret, and a Maven repository that wants a token."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws.ecr.hosts import PASSWORD
from sandbox.docker import engine
from sandbox.docker.buildkit import DOCKER_CONFIG
from sandbox.endpoints import COMPANY_HOST, REGISTRY_HOST
from sandbox.erp_build_process import Finished
from sandbox.lanes import in_lane
from sandbox.paths import STATE
from sandbox.tenants import provisioning
from tests.world import private
from tests.world.building import Workplace, engine_at, files_of_images, in_engine
from tests.world.private import BASES, BUILDKIT, CLASSIC, MAVEN

pytestmark = pytest.mark.world


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _sandbox: None) -> Iterator[Workplace]:
    """The repository; its bases are in their registries."""
    tenant = provisioning.create(in_lane("private"))
    version = f"1.0.{uuid.uuid4().int % 10**9}"
    with private.bases(), private.maven_repository(version) as address:
        yield private.repository(tmp_path_factory.mktemp("private"), tenant, address, version)
    private.take_parameters(tenant)
    provisioning.remove(tenant)


@pytest.fixture(scope="module")
def built(place: Workplace) -> Finished:
    """One run that builds all three."""
    return place.build(CLASSIC, BUILDKIT, MAVEN, variables={"DOCKER_CONFIG": str(DOCKER_CONFIG)})


def image(place: Workplace, name: str) -> str:
    return f"{REGISTRY_HOST}/{place.repository(name)}:{place.tag}"


def content(place: Workplace, name: str) -> list[bytes]:
    return [*files_of_images(image(place, name))]


def test_bases_of_every_registry_are_pulled_with_the_sign_in_of_each(place: Workplace, built: Finished) -> None:
    assert built.code == 0, built.stderr
    for name in (CLASSIC, BUILDKIT):
        found = content(place, name)
        assert [base for base in BASES if base.encode() not in found] == []


def test_a_secret_reaches_its_instruction_and_is_nowhere_afterwards(place: Workplace, built: Finished) -> None:
    assert built.code == 0, built.stderr
    seen = hashlib.sha256(private.BUILD_SECRET.encode()).hexdigest()
    found = content(place, BUILDKIT)
    assert any(one.startswith(seen.encode()) for one in found)
    with engine_at(engine.address()) as api:
        low: Any = api.api
        history = json.dumps([low.history(in_engine(image(place, name))) for name in (CLASSIC, BUILDKIT, MAVEN)])
    written = [path for top in (place.report.parent, place.temporary, place.root, STATE / "engine/data/buildkit")
               for path in top.rglob("*") if path.is_file()]  # fmt: skip
    texts = [
        *(one for name in (CLASSIC, BUILDKIT, MAVEN) for one in content(place, name)),
        *(path.read_bytes() for path in written),
        *(text.encode() for text in (history, built.stdout, built.stderr)),
    ]
    assert [secret for secret in private.SECRETS if any(secret.encode() in text for text in texts)] == []


def test_maven_gets_the_token_of_its_repository(place: Workplace, built: Finished) -> None:
    assert built.code == 0, built.stderr
    assert set(place.in_registry(MAVEN).values()) == {
        target["built"] for target in built.report["targets"] if target["name"] == MAVEN
    }


@pytest.fixture
def changed(place: Workplace) -> Iterator[Workplace]:
    """The repository with content that no image has, and as it was afterwards."""
    head = place.git("rev-parse", "HEAD")
    for name in (CLASSIC, MAVEN):
        place.edit(name)
    yield place
    place.git("reset", "--quiet", "--hard", head)
    private.give_parameters(place.tenant, private.PARAMETERS)


@pytest.mark.parametrize(
    "password", [pytest.param("builder:wrong", id="a wrong password"), pytest.param("", id="no sign-in")]
)
def test_a_base_that_is_refused_names_its_registry_and_what_to_do(changed: Workplace, password: str) -> None:
    private.forget_bases()
    if password:
        private.give_parameters(changed.tenant, {"registry": password})
    else:
        private.edit_configuration(changed, f'"{COMPANY_HOST}" = "registry"\n', "")
    done = changed.build(CLASSIC)
    assert done.code == 4, done.stderr
    error = done.report["error"]
    told = json.dumps(error, ensure_ascii=False)
    assert COMPANY_HOST in told
    assert "sign" in error["next"]
    assert PASSWORD not in told


def test_a_maven_repository_that_gets_no_token_is_told(changed: Workplace) -> None:
    private.forget_artifact()
    private.edit_configuration(changed, '[build.codeartifact]\ndomain = "erp"\n', "")
    done = changed.build(MAVEN)
    assert done.code == 4, done.stderr
    assert "401" in json.dumps(done.report["error"])
