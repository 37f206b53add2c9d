"""What a registry answers to a push: other bytes, a taken tag, and what no registry says end with one clear error."""

from functools import partial
from http import HTTPStatus
from pathlib import Path

import pytest

from erp_build.errors import PushFailed, TagTaken
from erp_build.formats.oci.media_types import DOCKER_MANIFEST
from erp_build.model.images.oci import MadeImage
from tests.fakes.oci_registry import STATE, Call, Fault, Reply, refusal
from tests.support.images import made_image
from tests.support.registry_server import served
from tests.unit.clients.registries.test_push_faults import (
    REPOSITORY,
    at,
    from_then_on,
    push,
    requests_of_a_push,
    require_right,
)

pytestmark = pytest.mark.usefixtures("one_after_the_other")


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_registry_that_says_another_digest_is_one_clear_error(image: MadeImage, tmp_path: Path, method: str) -> None:
    places = [number for number, one in enumerate(requests_of_a_push(image, tmp_path)) if one.startswith(method)]
    errors = []
    for place in places[0 if method == "PUT" else 1 :]:
        with served() as fake:
            fake.fault = at(place, Fault("wrong digest"))
            try:
                push(fake, image, tmp_path)
            except PushFailed as error:
                errors.append(error)
    # Read by its digest, the bytes count and not what the registry says beside them.
    assert len(errors) == (len(places) if method == "PUT" else 0)
    assert all("the registry has another" in error.what and not error.passes for error in errors)


def test_a_registry_that_stores_other_bytes_is_one_clear_error(image: MadeImage, tmp_path: Path) -> None:
    with served() as fake:
        fake.fault = lambda _, call: (
            Fault("answer", refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content"))
            if call.method == "PUT"
            else None
        )
        with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
            push(fake, image, tmp_path)
    assert "DIGEST_INVALID" in caught.value.why
    assert "damaged on its way" in caught.value.next_step


def test_a_part_that_the_registry_lost_is_sent_once_more(image: MadeImage, tmp_path: Path) -> None:
    with served() as fake:
        lost: list[object] = []

        def fault(_: int, call: Call) -> None:
            if call.method == "PUT" and "/manifests/" in call.path and not lost:
                lost.append(fake.repositories[REPOSITORY].blobs.popitem())

        fake.fault = fault
        assert push(fake, image, tmp_path) == image.manifest.digest
        require_right(fake, image)


def test_an_immutable_tag_of_another_image_is_taken(image: MadeImage, tmp_path: Path) -> None:
    with served() as fake:
        push(fake, image, tmp_path)
        fake.immutable = True
        with pytest.raises(TagTaken, match="the tag is taken") as caught:
            push(fake, made_image(tmp_path, image.base, seed=1), tmp_path)
        require_right(fake, image)
    assert image.manifest.digest[:19] in caught.value.why
    assert "mutable" in caught.value.next_step


ODD = {
    "a page": Reply(200, {"Content-Type": "text/html"}, b"<html>sign in</html>"),
    "nothing": Reply(204),
    "no address": Reply(202, {"Location": "http://[x"}),
    "an address of another scheme": Reply(201, {"Location": "file:///etc/passwd"}),
    "a list": Reply(200, {"Content-Type": DOCKER_MANIFEST}, b"[]"),
    "no number": Reply(202, {"Range": "0-x", "Location": "", "Retry-After": "soon"}),
    "another way to sign in": Reply(401, {"WWW-Authenticate": 'Digest realm="x"'}),
    "a token from nowhere": Reply(401, {"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:1/token"'}),
    "errors of another form": Reply(400, {}, b'{"errors": "DENIED"}'),
    "a status of nobody": Reply(799),
    "a redirect to nowhere": Reply(307),
}


@pytest.mark.slow
@pytest.mark.parametrize("reply", ODD.values(), ids=ODD)
def test_an_answer_of_no_registry_is_one_error_or_changes_nothing(
    image: MadeImage, tmp_path: Path, reply: Reply
) -> None:
    asked = requests_of_a_push(image, tmp_path)
    refused = 0
    for place in range(len(asked)):
        with served() as fake:
            fake.fault = at(place, Fault("answer", reply))
            try:
                push(fake, image, tmp_path)
            except PushFailed as error:
                refused += bool(error.what and error.where and error.why and error.next_step)
            else:
                require_right(fake, image)
                refused += 1
    assert refused == len(asked)


def test_no_error_shows_the_state_of_an_upload(image: MadeImage, tmp_path: Path) -> None:
    asked = requests_of_a_push(image, tmp_path)
    texts = []
    for fault in (Fault("drop midway"), Fault("answer", Reply(HTTPStatus.FORBIDDEN)), Fault("answer", Reply(200))):
        for place in range(len(asked)):
            with served() as fake:
                fake.fault = partial(from_then_on, place, fault)
                try:
                    push(fake, image, tmp_path)
                except PushFailed as error:
                    cause: BaseException | None = error
                    while cause:
                        texts.append(f"{cause} {vars(cause)}")
                        cause = cause.__cause__ or cause.__context__
    assert len(texts) > 2 * len(asked)
    assert not [text for text in texts if STATE in text]
