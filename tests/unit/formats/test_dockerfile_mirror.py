"""Dockerfiles whose images have the names of mirrors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.dockerfile.mirror import fetched_images, through_mirrors

MIRRORS = {"docker.io": "m.example/hub", "quay.io": "m.example/quay"}
DIGEST = "sha256:" + "1" * 64


@pytest.mark.parametrize(
    ("text", "mirrored"),
    [
        ("FROM a:1\n", "FROM m.example/hub/library/a:1\n"),
        ("from a\n", "from m.example/hub/library/a\n"),
        ("FROM acme/a AS a\nFROM a\n", "FROM m.example/hub/acme/a AS a\nFROM a\n"),
        ("FROM a AS a\nCOPY --from=a /x /x\n", "FROM m.example/hub/library/a AS a\nCOPY --from=a /x /x\n"),
        ("FROM scratch\nCOPY --from=quay.io/a/b:1 /x /x\n", "FROM scratch\nCOPY --from=m.example/quay/a/b:1 /x /x\n"),
        ("FROM scratch\nCOPY --from=0 /x /x\n", "FROM scratch\nCOPY --from=0 /x /x\n"),
        (f"FROM a:1@{DIGEST}\n", f"FROM m.example/hub/library/a:1@{DIGEST}\n"),
        ("ARG V=1\nFROM a:$V\n", "ARG V=1\nFROM m.example/hub/library/a:1\n"),
        ("ARG B=quay.io/a:1\nFROM ${B} AS x\n", "ARG B=quay.io/a:1\nFROM m.example/quay/a:1 AS x\n"),
        ("ARG B\nFROM ${B}\n", "ARG B\nFROM ${B}\n"),
        (
            "FROM --platform=$BUILDPLATFORM a:1 AS b\n",
            "FROM --platform=$BUILDPLATFORM m.example/hub/library/a:1 AS b\n",
        ),
        ("FROM \\\n  a:1 \\\n  AS b\n", "FROM \\\n  m.example/hub/library/a:1 \\\n  AS b\n"),
        ("FROM ghcr.io/a:1\n", "FROM ghcr.io/a:1\n"),
        ("FROM m.example/hub/library/a:1\n", "FROM m.example/hub/library/a:1\n"),
        (
            "# syntax=docker/dockerfile:1\nFROM ghcr.io/a\n",
            "# syntax=m.example/hub/docker/dockerfile:1\nFROM ghcr.io/a\n",
        ),
        (
            "FROM scratch\nRUN --mount=type=bind,from=a:1,target=/a x\n",
            "FROM scratch\nRUN --mount=type=bind,from=m.example/hub/library/a:1,target=/a x\n",
        ),
        (
            "ARG V=1\nFROM scratch\nARG V\nRUN --mount=target=/a,From=quay.io/a:$V x\n",
            "ARG V=1\nFROM scratch\nARG V\nRUN --mount=target=/a,From=m.example/quay/a:1 x\n",
        ),
        (
            "FROM scratch\nRUN --mount=from=quay.io/a,target=/a \\\n --mount=from=quay.io/b,dst=/b x\n",
            "FROM scratch\nRUN --mount=from=m.example/quay/a,target=/a \\\n --mount=from=m.example/quay/b,dst=/b x\n",
        ),
        (
            "FROM ghcr.io/a AS a\nRUN --mount=from=b,target=/b x\nFROM ghcr.io/a AS b\n",
            "FROM ghcr.io/a AS a\nRUN --mount=from=b,target=/b x\nFROM ghcr.io/a AS b\n",
        ),
        (
            "FROM ghcr.io/a\nRUN --mount=from=scratch,target=/b x\n",
            "FROM ghcr.io/a\nRUN --mount=from=scratch,target=/b x\n",
        ),
        (
            "FROM a:1\n# FROM a:1\nRUN echo FROM a:1\n",
            "FROM m.example/hub/library/a:1\n# FROM a:1\nRUN echo FROM a:1\n",
        ),
        ("FROM a:1", "FROM m.example/hub/library/a:1"),
    ],
)
def test_the_names_alone_are_replaced(text: str, mirrored: str) -> None:
    assert through_mirrors(text, MIRRORS) == mirrored
    assert through_mirrors(mirrored, MIRRORS) == mirrored
    assert through_mirrors(text, {}) == text


def test_an_argument_of_the_build_stands_for_the_default() -> None:
    text = "ARG BASE\nARG V=1\nFROM ${BASE}:$V\n"
    found = through_mirrors(text, MIRRORS, {"BASE": "a", "V": "2", "OTHER": "x"})
    assert found == "ARG BASE\nARG V=1\nFROM m.example/hub/library/a:2\n"


def test_everything_that_is_fetched_is_named() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nARG V=1\nFROM a:${V} AS one\nFROM one AS two\nFROM scratch\n"
        "COPY --from=two /a /a\nCOPY --from=quay.io/b:1 /b /b\nRUN --mount=type=cache,from=c,target=/c x\n"
        "ARG V\nRUN --mount=FROM=quay.io/d:$V,target=/d --mount=from=last,target=/l x\nFROM scratch AS last\n"
    )
    assert set(fetched_images(text)) == {"docker/dockerfile:1", "a:1", "quay.io/b:1", "c", "quay.io/d:1"}


@given(st.text(alphabet="FROMarg Acopy=-$\\{}:/.1\n#<", max_size=80))
def test_any_text_stays_a_text_of_as_many_lines(text: str) -> None:
    assert len(through_mirrors(text, MIRRORS).splitlines()) == len(text.splitlines())
