"""Which stages a build of one stage reads, and with which values of its arguments."""

import pytest

from erp_build.formats.dockerfile.one_stage import as_built, stage_named, stages_of, up_to_stage, with_arguments
from erp_build.formats.dockerfile.sources import copied_sources
from erp_build.formats.dockerfile.stages import base_images, final_base, images_of, stages, used_stages

TEXT = """\
# syntax=docker/dockerfile:1
ARG NODE=20
FROM node:${NODE} AS Build
RUN npm ci
FROM nginx:1.27 AS web
COPY --from=build /app/dist /srv
FROM build
CMD ["npm", "test"]
"""


def test_stages_have_names_and_lines() -> None:
    assert [(one.name, one.line, one.end) for one in stages_of(TEXT)] == [("build", 3, 5), ("web", 5, 7), ("", 7, 9)]


@pytest.mark.parametrize(
    ("name", "line"), [("web", 5), ("WEB", 5), ("build", 3), ("0", None), ("other", None), ("", None)]
)
def test_a_stage_is_found_by_its_name_in_any_case_and_not_by_its_number(name: str, line: int | None) -> None:
    found = stage_named(TEXT, name)
    assert (found.line if found else None) == line


def test_of_two_stages_with_one_name_the_later_is_meant_wherever_the_name_stands() -> None:
    text = "FROM a AS x\nFROM x AS y\nFROM b AS X\nCOPY --from=y /y /y\nFROM scratch\nCOPY --from=x /x /x\n"
    found = stage_named(text, "x")
    assert found
    assert found.line == 3
    assert [stage.parent for stage in stages(text)] == [None, 0, None, None]
    assert used_stages(text) == {0, 1, 2, 3}
    assert final_base(text, "x") == final_base(up_to_stage(text, "x")) == "b"
    assert final_base(text, "y") == "a"


def test_what_stands_behind_the_stage_is_left_out() -> None:
    assert up_to_stage(TEXT, "build").splitlines()[-1] == "RUN npm ci"
    assert base_images(up_to_stage(TEXT, "web")) == ("node:20", "nginx:1.27")
    assert [up_to_stage(TEXT, name) for name in ("", "other")] == [TEXT] * 2


def test_given_arguments_stand_in_place_of_defaults_and_no_line_moves() -> None:
    text = 'ARG IMAGE=a \\\n  TAG="1"\nFROM ${IMAGE}:${TAG}\nARG TAG\nCOPY dist-${TAG} /srv\n'
    found = with_arguments(text, {"TAG": "2", "UNUSED": "x"})
    assert base_images(found) == ("a:2",)
    assert len(found.splitlines()) == len(text.splitlines())
    assert found.splitlines()[3] == "ARG TAG=2"
    assert with_arguments(text, {}) == text


@pytest.mark.parametrize("value", ["a b", 'a"b', "a'b", "$HOME", "${X:-y}", "a\\b", "'", "\"$x'"])
def test_a_given_argument_is_what_it_is_and_nothing_in_it_has_a_meaning(value: str) -> None:
    text = "ARG FILE=x\nFROM a\nARG FILE\nCOPY ${FILE} /srv\n"
    assert [one for _, one in copied_sources(with_arguments(text, {"FILE": value}))] == [value]


def test_a_build_of_a_stage_takes_the_images_of_the_stages_before_it() -> None:
    assert images_of(as_built(TEXT, "build", {"NODE": "22"})) == ("node:22",)
