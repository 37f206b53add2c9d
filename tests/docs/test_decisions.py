"""The records of decisions: each says what was decided and whether it holds, and speaks of files that there are."""

import re
from pathlib import Path

import pytest

from tests.support.documented import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
BASES = (ROOT, ROOT / "src" / "erp_build", ROOT / "docs")
TITLE = re.compile(r"# (\d+)\. (\S.*)")
STATUS = re.compile(r"Status: (accepted|replaced by \[(\d{4})\]\((\S+)\))")


def test_the_numbers_have_no_gap() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_begins_with_the_decision_and_its_status(path: Path) -> None:
    title, empty, status, *_ = path.read_text(encoding="utf-8").splitlines()
    found = TITLE.fullmatch(title)
    assert found
    assert int(found[1]) == int(path.name[:4])
    assert len(found[2].split()) >= 5, "a title is a sentence that says what was decided"
    assert empty == ""
    held = STATUS.fullmatch(status)
    assert held
    if held[2]:
        assert held[3].startswith(held[2])
        assert (FOLDER / held[3]).exists()


def test_a_file_that_a_record_names_is_there() -> None:
    named = {
        (path.name, name)
        for path in RECORDS
        for name in re.findall(r"`([\w./-]+\.(?:py|md|toml|yaml|lock))`", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    missing = [one for one in sorted(named) if not any((base / one[1]).exists() for base in BASES)]
    assert missing == []
