"""What is wrong with a Dockerfile is said before anything is built of it."""

import pytest

from erp_build.formats.dockerfile.lint import buildkit_needs, secrets_in, sources_of_nothing
from erp_build.formats.dockerfile.parse import base_images, images_of


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("RUN --mount=type=cache,target=/root/.m2 mvn package", "RUN --mount"),
        ("COPY --chmod=755 run.sh /", "COPY --chmod"),
        ("COPY --link a b", "COPY --link"),
        ("ADD --checksum=sha256:0 https://example/a /", "ADD --checksum"),
        ("RUN <<EOF\nls\nEOF", "RUN <<EOF"),
        ("RUN echo $TARGETARCH", "RUN with an argument of the platform"),
    ],
)
def test_what_only_buildkit_reads_is_named_with_its_line(line: str, what: str) -> None:
    assert [tuple(found) for found in buildkit_needs(f"FROM jre\n# 주석\n{line}\n")] == [(3, what)]


def test_what_a_dockerfile_of_the_classic_builder_holds_needs_no_buildkit() -> None:
    text = "FROM jre\nCOPY --chown=1 --from=build a b\nRUN ls --mount=x\nARG REVISION=unknown\nENV REVISION=$REVISION\n"
    assert buildkit_needs(text) == ()


def test_a_secret_is_named_by_its_variable_and_never_by_its_value() -> None:
    text = "FROM jre\nARG NPM_TOKEN=invented\nENV DB_PASSWORD invented2\n"
    assert [tuple(found) for found in secrets_in(text)] == [
        (2, "ARG NPM_TOKEN has a value"),
        (3, "ENV DB_PASSWORD has a value"),
    ]


@pytest.mark.parametrize(
    "line", ["ARG TOKEN", "ENV PASSWORD=$PASSWORD", "ENV PASSWORD_FILE=/run/p", "ENV USE_TOKEN=true", "ENV A=b"]
)
def test_a_name_without_a_value_and_a_harmless_value_are_no_secrets(line: str) -> None:
    assert secrets_in(f"FROM jre\n{line}\n") == ()


@pytest.mark.parametrize("source", ["target/*.jar", "conf", ".", "conf/a.yaml", "*/a.yaml", "https://example/x", "$X"])
def test_a_source_that_is_there_is_no_finding(source: str) -> None:
    assert sources_of_nothing(f"FROM jre\nCOPY {source} /x/\n", ("target/a.jar", "conf/a.yaml")) == ()


@pytest.mark.parametrize("source", ["target/*.war", "*.jar", "con", "conf/b.yaml"])
def test_a_source_of_nothing_is_named_with_its_line(source: str) -> None:
    found = sources_of_nothing(f"FROM jre\n\nCOPY {source} /x/\n", ("target/a.jar", "conf/a.yaml"))
    assert [(item.line, source in item.what) for item in found] == [(3, True)]


def test_base_images_are_those_behind_from_with_their_arguments_and_without_stages() -> None:
    text = "ARG TAG=17-jre\nFROM maven:3 AS build\nFROM temurin:${TAG}\nCOPY --from=build a b\nFROM build\n"
    assert base_images(text) == ("maven:3", "temurin:17-jre")


def test_images_that_files_are_copied_from_are_named_as_well_as_bases_and_each_once() -> None:
    text = """\
FROM maven:3 AS Build
FROM temurin:17-jre AS tools
FROM temurin:17-jre
COPY --from=build /a /a
COPY --from=0 /b /b
COPY --from=busybox:1.36 /bin/sh /bin/sh
COPY --from=busybox:1.36 /bin/ls /bin/ls
COPY c d
"""
    assert images_of(text) == ("maven:3", "temurin:17-jre", "busybox:1.36")
    assert images_of("FROM scratch") == ()
