"""docs/migrate.md against what it speaks of: parameters, outputs, files, verbs."""

import re
from pathlib import Path

from erp_build.cli.app import VERBS
from sandbox.aws.pipeline_template import Template

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "migrate.md").read_text(encoding="utf-8")


def test_every_parameter_that_is_given_is_one_of_the_template() -> None:
    given = set(re.findall(r"\b([A-Z][a-z][A-Za-z]+)=", PAGE))
    assert {"ConnectionArn", "MakeTopic", "RunnerImage"} <= given
    assert given <= set(Template({}).document["Parameters"])


def test_what_has_to_be_given_is_given() -> None:
    required = {name for name, one in Template({}).document["Parameters"].items() if "Default" not in one}
    assert all(f"{name}=" in PAGE for name in required)


def test_every_verb_and_every_file_is_there() -> None:
    assert set(re.findall(r"python -m erp_build ([a-z]+)", PAGE)) <= set(VERBS)
    named = re.findall(r"`((?:infra|tests|examples)/[\w/.-]+)`", PAGE)
    assert named
    assert all((ROOT / path).is_file() for path in named)


def test_the_time_out_and_the_days_are_those_of_the_template() -> None:
    parameters = Template({}).document["Parameters"]
    assert f"{parameters['TimeoutMinutes']['Default']} minutes" in PAGE
    assert f"{parameters['LogDays']['Default']} days" in PAGE
    assert f"{parameters['ArtifactDays']['Default']} days" in PAGE
