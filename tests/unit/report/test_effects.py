"""After a failure every form says the same of what was changed before it (tests/cases/effects.json)."""

import json
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.effects import Effects
from erp_build.errors import BuildFailed
from erp_build.model.effect import Effect, EffectKind
from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.report.notify import make_message
from erp_build.report.text.run import report_text
from erp_build.run_record import RunReport

ROWS = json.loads((Path(__file__).parents[2] / "cases" / "effects.json").read_text(encoding="utf-8"))
CASES = [pytest.param(row, id=f"{row['effect']} {row['state']}") for row in ROWS]


def failed_after(row: dict[str, Any]) -> RunReport:
    effect = Effect(name=EffectKind(row["effect"]), target=row["target"], state=row["state"])
    return RunReport(effects=(effect,), error=BuildFailed("x"))


def test_every_effect_has_a_kind_and_a_case_but_what_is_not_noted() -> None:
    """The lock, and what is a part of the images."""
    verbs = {name for name in vars(Effects) if not name.startswith("_")} - {"write_lease", "prepare_images"}
    assert set(EffectKind) == verbs
    assert {row["effect"] for row in ROWS if row["state"] == "performed"} == verbs


@pytest.mark.parametrize("row", CASES)
def test_a_run_knows_whether_it_moved_what_runs(row: dict[str, Any]) -> None:
    assert failed_after(row).moved == row["moves_what_runs"]


@pytest.mark.parametrize("row", CASES)
def test_the_summary_says_what_was_changed(row: dict[str, Any]) -> None:
    assert report_text(failed_after(row)).splitlines()[:-1] == row["text"]


@pytest.mark.parametrize("row", CASES)
def test_the_message_says_how_much_of_a_hurry_there_is(row: dict[str, Any]) -> None:
    text = make_message(report_document(failed_after(row)), "failure").text
    assert f"Changed: {row['message']}\n" in text


@pytest.mark.parametrize("row", CASES)
def test_the_page_says_whether_anything_that_runs_was_changed(row: dict[str, Any]) -> None:
    assert f'<p class="note">{row["page"]}</p>' in html_page(report_document(failed_after(row)))
