"""The sample's four real services in layers: one Maven, small pushes, images that run, and no secret in any of it."""

import base64
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
import requests

from sandbox.aws.client import client
from sandbox.docker import engine
from sandbox.endpoints import REGISTRY_HOST
from sandbox.erp_build_process import Finished
from sandbox.lanes import in_lane
from sandbox.sample import erp_commits, erp_repository
from sandbox.tenants import provisioning
from sandbox.tenants.tenant import FUNCTION_PASSWORD
from tests.world.building import SECRET_KEY, Workplace, engine_at, files_of_images, in_engine, sent

pytestmark = pytest.mark.world

PORTS = {
    "approval-request-service": 8082,
    "approval-processing-service": 8083,
    "notification-service": 8084,
    "employee-service": 8080,
}
LABELS = {
    "erp-build.base.image",
    "erp-build.key",
    "erp-build.version",
    "org.opencontainers.image.base.digest",
    "org.opencontainers.image.base.name",
    "org.opencontainers.image.revision",
}


class Builds(NamedTuple):
    """Two runs: all four services, and all four again with a line changed in each."""

    place: Workplace
    first: Finished
    changed: Finished

    def image(self, name: str) -> str:
        """The name of a service's newest image."""
        repository = "employee-service-lambda" if name == "employee-service" else name
        return f"{REGISTRY_HOST}/{self.place.tenant.name}/{repository}:{self.place.tag}"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    owner = provisioning.create(in_lane("layers"))
    root = tmp_path_factory.mktemp("layers") / "erp"
    erp_repository.make(root, owner.name)
    config = root / "erp-build.toml"
    text = config.read_text(encoding="utf-8").replace("\n[[service]]\n", "\n[[service]]\nlayers = true\n")
    config.write_text(text.replace('tests = "compile" ', 'tests = "skip" '), encoding="utf-8")
    erp_repository.commit(root, "층으로 나눈 이미지")
    place = Workplace(owner, root)
    first = place.build(*PORTS)
    assert first.code == 0, first.stderr
    for name in PORTS:
        erp_commits.change_service(root, name)
    changed = place.build(*PORTS)
    assert changed.code == 0, changed.stderr
    return Builds(place, first, changed)


def test_one_maven_makes_all_jars_and_each_image_is_in_the_registry_by_its_digest(builds: Builds) -> None:
    logs = sorted(path.name for path in builds.place.report.parent.glob("maven-*.log"))
    assert logs == ["maven-1.log"]
    for target in builds.changed.report["targets"][:4]:
        assert target["making"]["layered"]
        repository = builds.image(target["name"]).partition("/")[2].partition(":")[0]
        tags = client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageDigest": target["built"]}])[
            "imageDetails"
        ][0]["imageTags"]
        assert builds.place.tag in tags
        keys = sorted(tag for tag in tags if tag.startswith("key-"))
        # That of its content alone, and that of its content on this base.
        assert len(keys) == 2
        assert keys[1].startswith(f"{keys[0]}-")
        assert len(tags) == 3


def test_an_image_says_what_it_was_made_of(builds: Builds) -> None:
    with engine_at(engine.address()) as api:
        for name in PORTS:
            labels = api.images.get(in_engine(builds.image(name))).labels
            assert set(labels) == LABELS
            assert labels["org.opencontainers.image.revision"] == builds.place.git("rev-parse", "HEAD")
            assert labels["org.opencontainers.image.base.name"] == "eclipse-temurin:17-jre"


def test_a_change_of_a_line_moves_less_than_a_twentieth_of_the_first_push(builds: Builds) -> None:
    first, changed = sent(builds.first.report, PORTS), sent(builds.changed.report, PORTS)
    # Two services have the same libraries: whichever is pushed later sends its own classes alone.
    assert sorted(first.values())[1] > 20_000_000
    assert max(changed.values()) < 0.05 * sorted(first.values())[1]
    assert min(changed.values()) > 0


@pytest.fixture(scope="module")
def answers(builds: Builds) -> Iterator[dict[str, str]]:
    """Service -> address of a container of its image."""
    with engine_at(engine.address()) as api:
        running = {
            name: api.containers.run(
                in_engine(builds.image(name)), detach=True, ports={f"{port}/tcp": ("127.0.0.1", 0)}
            )
            for name, port in PORTS.items()
        }
        try:
            addresses = {}
            for name, container in running.items():
                container.reload()
                binding = container.attrs["NetworkSettings"]["Ports"][f"{PORTS[name]}/tcp"][0]
                addresses[name] = f"http://127.0.0.1:{binding['HostPort']}"
            yield addresses
        finally:
            for container in running.values():
                container.remove(force=True)


QUESTIONS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "approval-request-service": ("/api/approvals", {"title": "출장", "amount": 1000}, {"status": "PENDING"}),
    "approval-processing-service": ("/api/approvals/none/decisions", {}, {"status": 400}),
    "notification-service": (
        "/api/notifications",
        {"title": "출장", "status": "APPROVED"},
        {"text": "결재 '출장'이 승인되었습니다."},
    ),
    "employee-service": (
        "/2015-03-31/functions/function/invocations",
        {"employeeId": "1002"},
        {"employeeId": "1002"},
    ),
}
"""Service -> path and body of a question to its own code, and what its answer says."""


def test_the_image_of_each_service_runs_and_its_own_code_answers(answers: dict[str, str]) -> None:
    for name, (path, body, expected) in QUESTIONS.items():
        answer = ask(answers[name] + path, body)
        assert answer | expected == answer, name


def ask(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer of a service that may still be starting."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        with suppress(requests.ConnectionError):
            return dict(requests.post(url, json=body, timeout=30).json())
        time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")


def test_no_secret_is_in_what_a_build_says_writes_labels_or_packs(builds: Builds) -> None:
    token = client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    values = (builds.place.root / "helm-chart/values-dev.yaml").read_text(encoding="utf-8")
    password = values.partition("://")[2].partition(":")[2].partition("@")[0]
    secrets = [token, base64.b64decode(token).decode().partition(":")[2], password]
    secrets += [FUNCTION_PASSWORD, SECRET_KEY, "k8s-aws-v1"]
    assert all(len(secret) > 5 for secret in secrets)
    said = [done.stdout + done.stderr for done in (builds.first, builds.changed)]
    written = [path.read_bytes() for path in builds.place.report.parent.rglob("*") if path.is_file()]
    found = 0
    for blob in (*(text.encode() for text in said), *written, *files_of_images(*map(builds.image, PORTS))):
        assert [place for place, secret in enumerate(secrets) if secret.encode() in blob] == []
        found += builds.place.tag.encode() in blob
    assert found > 4, "the configurations of the images were not looked at"
