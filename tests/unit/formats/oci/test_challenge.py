"""How a registry says what it wants to be signed in with, and what of its answers is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.oci.challenge import Challenge, Scope, challenge_of
from erp_build.formats.oci.refusal import Refusal, refusal_of, without_queries


@pytest.mark.parametrize(
    ("header", "found"),
    [
        pytest.param(
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
            Challenge("bearer", "https://auth.docker.io/token", "registry.docker.io", "repository:a/b:pull,push"),
            id="Docker Hub",
        ),
        pytest.param(
            'Basic realm="https://1.dkr.ecr.x.amazonaws.com/",service="ecr.amazonaws.com"', Challenge("basic"), id="ECR"
        ),
        pytest.param("Basic realm=x", Challenge("basic"), id="without quotes"),
        pytest.param(
            'BEARER Realm="https://a/t", Service="s"', Challenge("bearer", "https://a/t", "s"), id="other letters"
        ),
        pytest.param(
            'Basic realm="x", Bearer realm="https://a/t"', Challenge("bearer", "https://a/t"), id="both are offered"
        ),
        pytest.param('Bearer realm="https://a/t?x=1,2",broken', Challenge("bearer", "https://a/t?x=1,2"), id="a query"),
        pytest.param('Bearer service="x"', None, id="a token from nowhere"),
        pytest.param('Digest realm="x"', None, id="another way"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_challenge_is_read(header: str, found: Challenge | None) -> None:
    assert challenge_of(header) == found


@given(header=st.text(st.characters(codec="latin-1"), max_size=200))
def test_any_header_is_read(header: str) -> None:
    assert challenge_of(header) is None or challenge_of(f"Basic {header}") is not None


@pytest.mark.parametrize(
    ("scope", "theirs", "asked"),
    [
        (Scope("a/b"), "", ["repository:a/b:pull"]),
        (Scope("a/b", writes=True), "", ["repository:a/b:pull,push"]),
        (Scope("a/b", writes=True, mounts_from="c"), "", ["repository:a/b:pull,push", "repository:c:pull"]),
        (Scope("a/b", writes=True), "repository:team/a/b:pull", ["repository:team/a/b:pull,push"]),
        (Scope("a/b"), "aws", ["repository:a/b:pull", "aws"]),
        (Scope("a/b"), "repository:", ["repository:a/b:pull"]),
    ],
)
def test_a_token_is_asked_for_what_is_done_in_the_registrys_own_name(
    scope: Scope, theirs: str, asked: list[str]
) -> None:
    assert scope.asked_as(theirs) == asked


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            b'{"errors": [{"code": "DENIED", "message": "no\\nline"}]}',
            Refusal("DENIED", "no\N{SYMBOL FOR NEWLINE}line"),
        ),
        (b'{"errors": [{"code": 7}]}', Refusal()),
        (b'{"errors": {}}', Refusal()),
        (b'{"errors": []}', Refusal()),
        (b"[]", Refusal()),
        (b"<html>", Refusal()),
        (b"\xff", Refusal()),
        (b"", Refusal()),
        (
            b'{"errors": [{"code": "X", "message": "see https://a/b?sig=secret for it"}]}',
            Refusal("X", "see https://a/b?... for it"),
        ),
    ],
)
def test_a_refusal_is_read(body: bytes, found: Refusal) -> None:
    assert refusal_of(body) == found


def test_a_long_message_is_cut() -> None:
    assert len(refusal_of(b'{"errors": [{"message": "%s"}]}' % (b"x" * 10_000)).message) == 400


@given(secret=st.text("abcdefgh0123456789=&%_-.~", min_size=8, max_size=40))
def test_the_query_of_an_address_is_not_shown(secret: str) -> None:
    text = f"Max retries exceeded with url: /v2/a/blobs/uploads/1?_state={secret} (Caused by x), 'http://h/?{secret}'"
    assert secret not in without_queries(text)
