"""What is wrong with a Dockerfile is said before anything is built of it."""

import pytest

from erp_build.formats.dockerfile.lint import buildkit_needs, secrets_in, sources_of_nothing
from erp_build.formats.dockerfile.stages import base_images, images_of


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("RUN --mount=type=cache,target=/root/.m2 mvn package", "RUN --mount"),
        ("COPY --chmod=755 run.sh /", "COPY --chmod"),
        ("COPY --link a b", "COPY --link"),
        ("ADD --checksum=sha256:0 https://example/a /", "ADD --checksum"),
        ("RUN <<EOF\nls\nEOF", "RUN <<EOF"),
        ("RUN echo $TARGETARCH", "RUN with an argument of the platform"),
        ("COPY --parents src/**/*.java /x/", "COPY --parents"),
        ("ADD git://example/a /a", "ADD of a Git repository"),
        ("ADD https://example/a.git#v1 /a", "ADD of a Git repository"),
        ("COPY ${A#b} /a", "COPY with a pattern in a variable"),
        ("FROM a AS JRE", "another stage jre"),
    ],
)
def test_what_only_buildkit_reads_is_named_with_its_line(line: str, what: str) -> None:
    assert [found[:2] for found in buildkit_needs(f"FROM jre AS jre\n# 주석\n{line}\n")] == [(3, what)]


def test_what_a_dockerfile_of_the_classic_builder_holds_needs_no_buildkit() -> None:
    text = "FROM jre\nCOPY --chown=1 --from=build a b\nRUN ls --mount=x\nARG REVISION=unknown\nENV REVISION=$REVISION\n"
    assert buildkit_needs(text) == ()


@pytest.mark.parametrize(
    "text",
    ["# syntax=docker/dockerfile:1\nFROM jre\n", "FROM jre\nRUN echo $TARGETARCH\n", "FROM jre\nUSER ${A#b}\n"],
)
def test_what_some_classic_builder_may_read_is_no_certain_need(text: str) -> None:
    assert [need.is_certain for need in buildkit_needs(text)] == [False]


@pytest.mark.parametrize(
    "line",
    [
        "RUN cat <<<hello",
        "RUN echo $((1<<n))",
        'RUN ["cat", "<<EOF"]',
        "RUN echo '<<EOF'",
        "RUN <<EOF-1\nls\nEOF-1",
        'RUN <<"E F"\nls\nE F',
    ],
)
def test_nothing_behind_a_text_in_place_is_overlooked(line: str) -> None:
    text = f"FROM jre\n{line}\nENV DB_PASSWORD=hunter2\nCOPY nowhere /x\n"
    number = text[: text.index("ENV")].count("\n") + 1
    assert [found.line for found in secrets_in(text)] == [number]
    assert [found.line for found in sources_of_nothing(text, ("a",))] == [number + 1]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("ENV A=b DB_PASS='hunter2 x'", "DB_PASS"),
        ("ENV\tDB_PASSWORD\thunter2", "DB_PASSWORD"),
        ("ENV DB_PASSWORD=${X:-hunter2}", "DB_PASSWORD"),
        ("ONBUILD ENV DB_PASSWORD=hunter2", "DB_PASSWORD"),
        ("ARG DSN=erp:hunter2@db:5432/erp", "DSN"),
        ('ENV SPRING_APPLICATION_JSON=\'{"db": {"password": "hunter2"}}\'', "SPRING_APPLICATION_JSON"),
    ],
)
def test_a_secret_is_found_in_every_form_of_a_setting(line: str, name: str) -> None:
    assert [found.name for found in secrets_in(f"FROM jre\n{line}\n")] == [name]


@pytest.mark.parametrize(
    "line",
    [
        'COPY "conf" /x/',
        "COPY [^x]onf /x/",
        "COPY --parents nowhere/** /x/",
        "ADD git://example/a /x/",
        "ADD git@example:a/b.git /x/",
        "COPY empty /x/",
        "COPY linked/some/file /x/",
        "COPY l*/some /x/",
        "COPY <<EOF /x/\nnowhere\nEOF",
        "COPY ../conf /x/",
        "COPY conf nowhere* /x/",
        "ONBUILD COPY nowhere /x/",
    ],
)
def test_a_source_that_may_be_there_is_left_to_the_builder(line: str) -> None:
    names, links = ("conf", "conf/a.yaml", "empty", "linked"), ("linked",)
    assert sources_of_nothing(f"FROM jre\n{line}\n", names, links) == ()


def test_buildkit_leaves_out_a_stage_that_nothing_uses_and_a_pattern_that_matches_nothing() -> None:
    text = "FROM jdk AS unused\nCOPY nowhere /x\nFROM jre\nCOPY *.crt /x/\n"
    assert [found[:2] for found in sources_of_nothing(text, ("a",))] == [
        (2, "COPY nowhere: no such file in the build context"),
        (4, "COPY *.crt: no such file in the build context"),
    ]
    assert [found.is_certain for found in sources_of_nothing(text, ("a",), classic=False)] == [False]


def test_a_secret_is_named_by_its_variable_and_never_by_its_value() -> None:
    text = "FROM jre\nARG NPM_TOKEN=invented\nENV DB_PASSWORD invented2\n"
    assert [found[:2] for found in secrets_in(text)] == [
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
