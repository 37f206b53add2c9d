"""docs/reports.md: its files, its table of events and its configuration as they stand there."""

import re
from importlib.resources import files
from pathlib import Path

from erp_build.config.load import parse_project
from erp_build.config.policies import EVENTS
from erp_build.model.project import NotifyPolicy

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_the_page_names_every_file_of_a_report() -> None:
    named = re.findall(r"^\| `([\w./]+)` \|", PAGE, flags=re.MULTILINE)
    assert [name for name in named if "." in name] == [
        *("report.json", "report.html", "report.md", "junit.xml", "gate.sarif"),
    ]


def test_the_page_names_every_event() -> None:
    assert tuple(re.findall(r"^\| `(failure|recovery|success|approval)` \|", PAGE, flags=re.MULTILINE)) == EVENTS


def test_the_configuration_of_the_page_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert parse_project(text).notify == NotifyPolicy(topic="erp-dev-alarms", on=NotifyPolicy().on)


def test_the_schema_lies_where_the_page_says() -> None:
    (path,) = set(re.findall(r"erp_build/schemas/[\w.-]+", PAGE))
    assert (files("erp_build") / path.removeprefix("erp_build/")).is_file()
