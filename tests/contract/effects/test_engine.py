"""What the Docker engine is asked, over its own API on loopback, and what its refusals become."""

import base64
import io
import json
import tarfile
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker.build_context import Context
from erp_build.clients.docker.engine import Engine, EngineBuild
from erp_build.clients.machine.parallel import work_beside
from erp_build.clients.way_out import WAY_OUT, NothingBegins
from erp_build.errors import BuildFailed, PushFailed
from erp_build.model.images.image import REVISION_LABEL, PushedImage
from tests.contract.effects.conftest import BUILT, DIGEST, INSPECTED, PUSHED, VERSION, events
from tests.support.loopback import CUT, Asked, Loopback

SIGN_IN = SignIn("https://host", "AWS", "invented-password", datetime.now(UTC))
COMMIT = "a" * 40
REMOVED = (
    f'unable to find image "{DIGEST}"',
    f"No such image: {DIGEST}",
    f"failed to get digest {DIGEST}: open /var/lib/docker/image/overlay2/imagedb/content/x: no such file or directory",
    f"failed to export image: failed to set parent {DIGEST}: unknown parent image ID {DIGEST}",
)
"""What an engine (20.10.24) says where a cached image is removed that a build was about to take."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "service"
    (folder / "target").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY target/app.jar /\n", encoding="utf-8")
    (folder / "target" / "app.jar").write_bytes(b"jar")
    (folder / ".dockerignore").write_text("secret.txt\n", encoding="utf-8")
    (folder / "secret.txt").write_text("invented", encoding="utf-8")
    return folder


def build(
    source: Path, dockerfile: str = "Dockerfile", stage: str = "", *, said: Callable[[str], object] = print
) -> list[str]:
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        said(line)

    with tempfile.TemporaryFile() as spool:
        request = EngineBuild(
            dockerfile=Context(source, dockerfile).write(spool),
            tag="host/erp/a:abc1234",
            labels={REVISION_LABEL: COMMIT},
            arguments={"REVISION": COMMIT},
            where=f"a/{dockerfile}",
            stage=stage,
        )
        assert Engine().build(request, spool, on_line).platform == "linux/amd64"
    return lines


def asked_to_build(docker: Loopback) -> Asked:
    return next(asked for asked in docker.asked if urlsplit(asked.path).path.endswith("/build"))


def push() -> PushedImage:
    return Engine().push("host/erp/a", "abc1234", SIGN_IN, lambda _: None)


def test_an_engine_that_answers_is_well_and_tells_its_version(docker: Loopback) -> None:
    assert Engine().version() == "20.10.24"
    Engine().require_answer()
    assert docker.asked[-1].path == f"/v{VERSION}/_ping"


def test_only_the_first_call_asks_which_version_of_the_api_the_engine_speaks(docker: Loopback) -> None:
    engine = Engine()
    for _ in range(3):
        assert engine.identifier("host/erp/a:abc1234") == INSPECTED["Id"]
    assert [asked.path for asked in docker.asked].count("/version") == 1
    assert docker.asked[-1].path.startswith(f"/v{VERSION}/")


def test_a_build_names_and_labels_its_image(docker: Loopback, source: Path) -> None:
    assert build(source) == ["Step 1/1 : FROM scratch"]
    asked = parse_qs(urlsplit(asked_to_build(docker).path).query)
    assert (asked["t"], asked["dockerfile"]) == (["host/erp/a:abc1234"], ["Dockerfile"])
    assert json.loads(asked["labels"][0]) == {REVISION_LABEL: COMMIT}
    assert json.loads(asked["buildargs"][0]) == {"REVISION": COMMIT}
    assert "version" not in asked, "the classic builder is the one that answers with an image's id"


def test_a_build_ends_with_the_stage_that_it_names_and_with_the_last_one_without_a_name(
    docker: Loopback, source: Path
) -> None:
    for stage in ("", "runtime"):
        build(source, stage=stage)
    asked = [parse_qs(urlsplit(one.path).query) for one in docker.asked if urlsplit(one.path).path.endswith("/build")]
    assert [one.get("target") for one in asked] == [None, ["runtime"]]


def test_a_build_gets_the_services_files_without_those_it_excludes(docker: Loopback, source: Path) -> None:
    build(source)
    with tarfile.open(fileobj=io.BytesIO(asked_to_build(docker).body)) as tar:
        assert [entry.name for entry in tar if entry.isreg()] == [".dockerignore", "Dockerfile", "target/app.jar"]


def test_a_build_begins_again_where_a_cached_image_is_removed_that_it_was_about_to_take(
    docker: Loopback, source: Path
) -> None:
    docker.serve_next(f"/v{VERSION}/build", *(events(BUILT[0], {"error": text}) for text in REMOVED))
    lines = build(source)
    assert lines.count("Step 1/1 : FROM scratch") == 5
    assert sum("the build begins again" in line for line in lines) == 4
    asked = [(one.path, one.body) for one in docker.asked if urlsplit(one.path).path.endswith("/build")]
    assert len(asked) == 5
    assert len(set(asked)) == 1, "each attempt gets the whole context"


@pytest.mark.parametrize("text", REMOVED)
def test_a_build_whose_images_are_removed_again_and_again_ends_and_says_so(
    docker: Loopback, source: Path, text: str
) -> None:
    docker.serve(f"/v{VERSION}/build", events(BUILT[0], {"error": text}))
    with pytest.raises(BuildFailed, match="the image was not built") as caught:
        build(source)
    assert text in caught.value.why
    assert "while nothing removes images" in caught.value.next_step
    assert sum(urlsplit(one.path).path.endswith("/build") for one in docker.asked) == 8


def test_after_a_signal_no_build_begins_again(docker: Loopback, source: Path) -> None:
    docker.serve(f"/v{VERSION}/build", events(BUILT[0], {"error": REMOVED[0]}))
    signalled = partial(build, source, said=lambda line: "begins again" in line and WAY_OUT.begin())
    try:
        with work_beside(signalled) as built, pytest.raises(NothingBegins):
            built()
    finally:
        WAY_OUT.forget()
    assert sum(urlsplit(one.path).path.endswith("/build") for one in docker.asked) == 1


def test_a_build_that_fails_for_another_reason_is_not_begun_again(docker: Loopback, source: Path) -> None:
    docker.serve(f"/v{VERSION}/build", events(BUILT[0], {"error": "COPY failed: no such file"}))
    with pytest.raises(BuildFailed, match="the image was not built"):
        build(source)
    assert sum(urlsplit(one.path).path.endswith("/build") for one in docker.asked) == 1


def test_a_push_carries_its_sign_in_and_none_is_stored(docker: Loopback, tmp_path: Path) -> None:
    assert push().digest == DIGEST
    asked = docker.asked[-1]
    assert (asked.verb, asked.path) == ("POST", f"/v{VERSION}/images/host/erp/a/push?tag=abc1234")
    sent = json.loads(base64.urlsafe_b64decode(asked.headers["x-registry-auth"]))
    assert sent == {"username": "AWS", "password": "invented-password"}
    assert not list(tmp_path.iterdir())


def test_a_push_that_was_answered_with_200_may_have_failed(docker: Loopback) -> None:
    refused = {"errorDetail": {"message": "denied: no"}, "error": "denied: no"}
    docker.serve(f"/v{VERSION}/images/host/erp/a/push", events({"status": "Preparing"}, refused))
    with pytest.raises(PushFailed, match="the registry refused the image"):
        push()


def test_an_engine_that_refuses_at_once_is_quoted(docker: Loopback, source: Path) -> None:
    for path in ("build", "images/host/erp/a/push"):
        docker.serve(f"/v{VERSION}/{path}", {"message": "no space left on device"}, 500)
    with pytest.raises(BuildFailed, match="the Docker engine refused a request") as building:
        build(source)
    with pytest.raises(PushFailed, match="the Docker engine refused a request") as pushing:
        push()
    assert [caught.value.why for caught in (building, pushing)] == ["no space left on device"] * 2


@pytest.mark.parametrize("end", [[CUT], [b'{"stream": "Step', CUT], [b'{"stream": "Step']], ids=["cut", "torn", "half"])
def test_an_engine_that_dies_in_the_middle_is_a_failure_of_the_build(
    end: list[bytes], docker: Loopback, source: Path
) -> None:
    docker.serve(f"/v{VERSION}/build", [*events(BUILT[0]), *end])
    with pytest.raises(BuildFailed, match="broke off"):
        build(source)
    docker.serve(f"/v{VERSION}/images/host/erp/a/push", [*events(PUSHED[0]), *end])
    with pytest.raises(PushFailed, match="broke off"):
        push()


@pytest.mark.parametrize(("names", "removed"), [([], True), (["host/erp/a:other"], False)], ids=["none", "another"])
def test_an_image_is_removed_only_where_it_has_no_name(docker: Loopback, names: list[str], *, removed: bool) -> None:
    docker.serve(f"/v{VERSION}/images/sha256:1/json", {"Id": "sha256:1", "RepoTags": names})
    docker.serve(f"/v{VERSION}/images/sha256:1", [b"[]"])
    Engine().remove_nameless("sha256:1")
    assert ("DELETE" in {asked.verb for asked in docker.asked}) == removed


def test_an_image_on_which_another_stands_is_left_without_a_word(docker: Loopback) -> None:
    docker.serve(f"/v{VERSION}/images/sha256:1/json", {"Id": "sha256:1", "RepoTags": []})
    docker.serve(f"/v{VERSION}/images/sha256:1", {"message": "image has dependent child images"}, 409)
    Engine().remove_nameless("sha256:1")
    assert [asked.verb for asked in docker.asked].count("DELETE") == 1


def test_an_image_is_known_by_its_id_or_not_there(docker: Loopback) -> None:
    docker.serve(f"/v{VERSION}/images/host/erp/a:none/json", {"message": "No such image: host/erp/a:none"}, 404)
    assert Engine().identifier("host/erp/a:abc1234") == INSPECTED["Id"]
    assert Engine().identifier("host/erp/a:none") == ""


def test_a_refusal_of_the_engine_comes_with_what_to_do_about_it(docker: Loopback, source: Path) -> None:
    docker.serve(f"/v{VERSION}/build", {"message": "write /data: no space left on device"}, 500)
    with pytest.raises(BuildFailed, match="the Docker engine refused a request") as caught:
        build(source)
    assert "free disk space" in caught.value.next_step


def test_the_registry_of_a_base_image_is_asked_for_its_digest_by_the_engine(docker: Loopback) -> None:
    docker.serve(f"/v{VERSION}/images/eclipse-temurin:17-jre/json", {"message": "No such image: it"}, 404)
    docker.serve(f"/v{VERSION}/distribution/eclipse-temurin:17-jre/json", {"Descriptor": {"digest": DIGEST}})
    assert Engine().registry_digest("eclipse-temurin:17-jre", SIGN_IN) == DIGEST
    sent = json.loads(base64.urlsafe_b64decode(docker.asked[-1].headers["x-registry-auth"]))
    assert sent == {"username": "AWS", "password": "invented-password"}


def test_a_base_image_that_was_made_on_the_engine_is_asked_nobody(docker: Loopback) -> None:
    base(docker)
    with pytest.raises(BuildFailed, match="of no registry"):
        Engine().registry_digest("eclipse-temurin:17-jre")
    assert not [asked for asked in docker.asked if "distribution" in asked.path]


def test_a_registry_that_does_not_say_a_digest_is_a_reason_and_no_end(docker: Loopback) -> None:
    base(docker, "sha256:" + "2" * 64)
    docker.serve(f"/v{VERSION}/distribution/eclipse-temurin:17-jre/json", {"message": "no such host"}, 500)
    with pytest.raises(BuildFailed, match="the Docker engine refused a request") as caught:
        Engine().registry_digest("eclipse-temurin:17-jre")
    assert caught.value.why == "no such host"


def base(docker: Loopback, *digests: str) -> None:
    """The engine has a base image with these digests of registries, and gets another one by its digest."""
    found = {**INSPECTED, "RepoDigests": [f"eclipse-temurin@{digest}" for digest in digests]}
    docker.serve(f"/v{VERSION}/images/eclipse-temurin:17-jre/json", found)
    docker.serve(f"/v{VERSION}/images/create", events({"status": "Pull complete"}))
    docker.serve(f"/v{VERSION}/images/eclipse-temurin%40{DIGEST}/tag", b"")


def provide() -> None:
    Engine().provide("eclipse-temurin:17-jre", DIGEST, None, lambda _: None)


def test_a_base_that_the_engine_has_with_the_wanted_digest_is_not_pulled(docker: Loopback) -> None:
    base(docker, "sha256:" + "2" * 64, DIGEST)
    provide()
    assert {asked.verb for asked in docker.asked} == {"GET"}


@pytest.mark.parametrize("digests", [(), ("sha256:" + "2" * 64,)], ids=["made here", "an older one"])
def test_a_base_with_another_digest_is_pulled_by_the_wanted_one_and_gets_the_name(
    docker: Loopback, digests: tuple[str, ...]
) -> None:
    """The builder takes what the engine has under the name in the Dockerfile, and the key names the digest."""
    base(docker, *digests)
    provide()
    done = [(asked.verb, urlsplit(asked.path)) for asked in docker.asked if asked.verb == "POST"]
    assert [(verb, url.path.removeprefix(f"/v{VERSION}")) for verb, url in done] == [
        ("POST", "/images/create"),
        ("POST", f"/images/eclipse-temurin%40{DIGEST}/tag"),
    ]
    assert [parse_qs(url.query) for _, url in done] == [
        {"tag": [DIGEST], "fromImage": ["eclipse-temurin"]},
        {"tag": ["17-jre"], "repo": ["eclipse-temurin"], "force": ["0"]},
    ]


def test_a_base_that_is_named_by_its_digest_is_left_to_the_builder(docker: Loopback) -> None:
    Engine().provide(f"eclipse-temurin@{DIGEST}", DIGEST, None, lambda _: None)
    Engine().provide(f"eclipse-temurin:17-jre@{DIGEST}", DIGEST, None, lambda _: None)
    assert docker.asked == []
