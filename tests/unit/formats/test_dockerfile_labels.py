"""A Dockerfile with its labels in one line, wherever that makes the same image as labels that are asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.dockerfile.parse import instructions
from erp_build.formats.dockerfile.rewrite import with_labels

TEXT = "FROM jre\nCOPY target/*.jar app.jar\n"
NAME = ".erp-build/Dockerfile"


def test_the_labels_are_the_last_line() -> None:
    labels = {"org.opencontainers.image.revision": "a" * 40, "erp-build.version": "1.0"}
    line = f'LABEL org.opencontainers.image.revision="{"a" * 40}" erp-build.version="1.0"\n'
    assert with_labels(TEXT, labels, NAME) == TEXT + line
    assert with_labels(TEXT.rstrip("\n"), labels, NAME) == TEXT + line


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("https://host/erp.git?a=b c", "https://host/erp.git?a=b c"),
        ("전자결재", "전자결재"),
        ("$HOME", r"\$HOME"),
        ('say "yes"', r"say \"yes\""),
        ("C:\\erp", r"C:\\erp"),
    ],
)
def test_a_value_is_taken_as_it_is(value: str, written: str) -> None:
    assert with_labels(TEXT, {"a": value}, NAME) == f'{TEXT}LABEL a="{written}"\n'


def test_a_value_is_escaped_as_the_dockerfile_says() -> None:
    text = "# escape=`\nFROM jre\n"
    assert with_labels(text, {"a": "$b`\\"}, NAME) == f'{text}LABEL a="`$b``\\"\n'


@pytest.mark.parametrize(
    "text",
    [
        "FROM jre\nCOPY . .\n",
        "FROM jre\nADD ./ /app/\n",
        "FROM jre\nCOPY .erp-build/ /app/\n",
        "FROM jre\nCOPY * /app/\n",
        "ARG WHAT=.\nFROM jre\nCOPY $WHAT /app/\n",
        "FROM jre\nRUN echo \\\n",
        "FROM jre\nRUN echo \\\n  # a comment\n\n",
        "# escape=`\nFROM jre\nRUN echo `\n",
    ],
)
def test_what_would_become_another_image_is_left_to_the_call(text: str) -> None:
    assert with_labels(text, {"a": "b"}, NAME) is None


def test_a_value_of_several_lines_is_left_to_the_call() -> None:
    assert with_labels(TEXT, {"a": "b\nRUN rm -rf /"}, NAME) is None


def test_without_labels_there_is_no_line() -> None:
    assert with_labels(TEXT, {}, NAME) is None


def test_another_stage_that_is_copied_is_not_the_context() -> None:
    text = "FROM jdk AS build\nFROM jre\nCOPY --from=build . .\n"
    assert with_labels(text, {"a": "b"}, NAME) is not None


@given(st.dictionaries(st.from_regex(r"[a-z][a-z.-]*[a-z]", fullmatch=True), st.text(), min_size=1))
def test_no_value_adds_an_instruction_of_its_own(labels: dict[str, str]) -> None:
    labelled = with_labels(TEXT, labels, NAME)
    if labelled is not None:
        assert [one.keyword for one in instructions(labelled)] == ["FROM", "COPY", "LABEL"]
