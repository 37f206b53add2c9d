"""Recipes of images out of Dockerfiles, and what is in their way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.dockerfile.direct.reading import obstacles_of, recipe_of
from erp_build.formats.dockerfile.direct.recipe import Copy, Obstacle, Recipe, Setting, Step, label_setting
from erp_build.formats.dockerfile.sources import in_context
from erp_build.formats.dockerfile.stages import final_base
from erp_build.formats.oci.configuration import MadeStep, configuration_of
from tests.support.cases import CASES, rows
from tests.support.dockerfiles import recorded

TABLE = rows("dockerfile_recipes")
BASES: dict[str, dict[str, Any]] = json.loads((CASES / "dockerfile_recipes.json").read_text(encoding="utf-8"))["bases"]
MADE = [pytest.param(row, id=row["id"]) for row in TABLE if "steps" in row]
REFUSED = [pytest.param(row, id=row["id"]) for row in TABLE if "obstacles" in row]
READ_BY_BUILDKIT = recorded("dockerfiles")
LINES = (
    *("FROM a", "FROM a AS b", "FROM b", "FROM scratch", "FROM --platform=$TARGETPLATFORM a", "# syntax=x", "RUN x"),
    *(
        "ARG A",
        "ARG A=1",
        "ARG A=$B",
        "ARG U=0",
        "ENV A=1",
        "ENV B=$A C=${X:-y}",
        "ENV U=5",
        "ENV A",
        "LABEL a=$A 'b'=c",
    ),
    *(
        "USER 0",
        "USER 1000",
        "USER $U",
        "USER root",
        "WORKDIR /a",
        "WORKDIR b",
        "WORKDIR /a/b",
        "WORKDIR $A",
        "WORKDIR ../c",
    ),
    *("COPY a b", "COPY a $A /c/", "COPY a $A /c", "COPY --chown=$U a b", "COPY --chmod=$A a b", "COPY --from=b /a /b"),
    *(
        "COPY --from=c:1 /a /b",
        "ADD a.jar b",
        "ADD $A.jar b",
        "ADD a b",
        "COPY --link a b",
        'COPY ["a", "b"]',
        "COPY [a b",
    ),
    *(
        "EXPOSE $A 80",
        "EXPOSE x$A",
        "VOLUME $A /b",
        "STOPSIGNAL $A",
        "STOPSIGNAL ${S:-TERM}",
        "STOPSIGNAL x",
        'SHELL ["a"]',
    ),
    *("CMD a", 'CMD ["a"]', "ENTRYPOINT a", "HEALTHCHECK CMD a", "HEALTHCHECK NONE", "ONBUILD RUN a", "MAINTAINER a"),
    *("COPY a \\", "COPY <<EOF a", "EOF", "", "# no", "NOPE"),
)
ENVIRONMENTS = st.dictionaries(st.sampled_from("ABUSX"), st.sampled_from(["", "0", "1", "a", "/a", "TERM"]))


def options(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("target", "arguments", "platform") if name in row}


def read(row: dict[str, Any]) -> Recipe | tuple[Obstacle, ...]:
    return recipe_of(row["text"], BASES[row.get("base", "java")], **options(row))


def shown(step: Step) -> dict[str, Any]:
    """A step as a case writes it: what is empty is left out, and what only the history says."""
    kept = {name: value for name, value in step._asdict().items() if value not in (None, "", ()) and name != "text"}
    lists = {name: list(value) for name, value in kept.items() if isinstance(value, tuple)}
    return {name: value for name, value in {**kept, **lists}.items() if value is not False}


@pytest.mark.parametrize("row", MADE)
def test_the_steps_that_change_files_are_these(row: dict[str, Any]) -> None:
    recipe = read(row)
    assert isinstance(recipe, Recipe), recipe
    assert recipe.base == row["image"]
    assert [shown(step) for step in recipe.steps if not isinstance(step, Setting)] == row["steps"]


@pytest.mark.parametrize("row", MADE)
def test_the_settings_are_those_of_the_engine(row: dict[str, Any]) -> None:
    recipe = read(row)
    assert isinstance(recipe, Recipe)
    made = [MadeStep(step) for step in recipe.steps]
    document = json.loads(configuration_of(BASES[row.get("base", "java")], made, recipe.platform))
    assert document["config"] == row["config"]
    assert document.get("author") == row.get("author")


@pytest.mark.parametrize("row", MADE)
def test_nothing_is_in_the_way_before_the_base_is_known_either(row: dict[str, Any]) -> None:
    assert obstacles_of(row["text"], **options(row)) == ()


@pytest.mark.parametrize("row", MADE)
def test_the_base_is_the_one_that_other_readers_name(row: dict[str, Any]) -> None:
    given_ones = {name: row[name] for name in ("target", "arguments") if name in row}
    named = final_base(row["text"], **given_ones)
    assert named == row["image"] or "$" in named


@pytest.mark.parametrize("row", REFUSED)
def test_what_is_in_the_way_has_its_line_and_reason(row: dict[str, Any]) -> None:
    assert [list(one) for one in read(row)] == row["obstacles"]
    without_base = [list(one) for one in obstacles_of(row["text"], **options(row))]
    assert without_base == row.get("offline", row["obstacles"])


def test_there_are_enough_cases_of_both_kinds() -> None:
    assert len(MADE) >= 90
    assert len(REFUSED) >= 80


@pytest.mark.parametrize("case", READ_BY_BUILDKIT)
def test_what_the_builder_refuses_is_never_made(case: dict[str, Any]) -> None:
    recipe = recipe_of(case["text"], {"config": {}})
    assert "refused" not in case or not isinstance(recipe, Recipe)


@pytest.mark.parametrize("case", READ_BY_BUILDKIT)
def test_what_is_made_takes_from_the_context_what_the_builder_takes(case: dict[str, Any]) -> None:
    recipe = recipe_of(case["text"], {"config": {}})
    if isinstance(recipe, Recipe):
        copies = [step for step in recipe.steps if isinstance(step, Copy) and not step.from_image]
        taken = {in_context(source).removeprefix(".") for step in copies for source in step.sources}
        assert {f"/{path}" for path in taken} == set(case["copies"])
    else:
        assert recipe


def test_an_added_label_is_the_last_word() -> None:
    recipe = recipe_of("FROM scratch\nLABEL a=1\n", {})
    assert isinstance(recipe, Recipe)
    made = [MadeStep(step) for step in (*recipe.steps, label_setting({"a": "2", "b": "3 4"}))]
    assert json.loads(configuration_of({}, made, "linux/amd64"))["config"]["Labels"] == {"a": "2", "b": "3 4"}


@given(st.lists(st.sampled_from(LINES), max_size=12), ENVIRONMENTS, st.sampled_from(["", "0", "1000"]))
def test_what_is_in_the_way_without_the_base_is_so_with_every_base(
    lines: list[str], environment: dict[str, str], user: str
) -> None:
    text = "\n".join(["FROM a", *lines])
    config = {"Env": [f"{name}={value}" for name, value in environment.items()], "User": user, "WorkingDir": "/a"}
    recipe = recipe_of(text, {"config": config})
    assert not (isinstance(recipe, Recipe) and obstacles_of(text))


@given(st.lists(st.sampled_from(LINES), max_size=12).map("\n".join) | st.text())
def test_every_text_has_a_recipe_or_a_reason(text: str) -> None:
    recipe = recipe_of(text, {})
    assert isinstance(recipe, Recipe) or recipe
    assert isinstance(obstacles_of(text), tuple)
