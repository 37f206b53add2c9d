"""The waiver file: whole rows, one for each finding."""

from datetime import date
from pathlib import Path

import pytest

from erp_build.config.waivers import load_waivers
from erp_build.errors import ConfigurationError
from erp_build.model.images.finding import Waiver

ROW = 'id = "CVE-1"\npackage = "openssl"\nreason = "not reachable"\nowner = "kim"\nuntil = 2026-12-31\n'


def load(folder: Path, text: str) -> tuple[Waiver, ...]:
    (folder / "waivers.toml").write_text(text, encoding="utf-8")
    return load_waivers(folder / "waivers.toml")


def test_a_row_is_a_waiver(tmp_path: Path) -> None:
    expected = Waiver("CVE-1", ("openssl",), "not reachable", "kim", date(2026, 12, 31))
    assert load(tmp_path, f"[[waiver]]\n{ROW}") == (expected,)
    assert str(expected) == "CVE-1 (openssl), kim, until 2026-12-31"


def test_a_day_may_be_a_text_and_packages_a_list(tmp_path: Path) -> None:
    text = ROW.replace("2026-12-31", '"2026-12-31"').replace('"openssl"', '["openssl", "libssl3"]')
    assert load(tmp_path, f"[[waiver]]\n{text}")[0].packages == ("openssl", "libssl3")


def test_a_file_may_be_empty(tmp_path: Path) -> None:
    assert load(tmp_path, "# nothing is waived\n") == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param(f'[[waiver]]\n{ROW}note = "x"\n', "unknown key `note`", id="an unknown key"),
        pytest.param(f"[[waivers]]\n{ROW}", "unknown key `waivers`", id="a misspelled table"),
        pytest.param(
            "[[waiver]]\n" + ROW.replace("2026-12-31", '"31.12.2026"'), "a day of the calendar", id="bad date"
        ),
        pytest.param(
            "[[waiver]]\n" + ROW.replace("2026-12-31", '"2026-02-30"'), "a day of the calendar", id="30 February"
        ),
        pytest.param("[[waiver]]\n" + ROW.replace("2026-12-31", "2026-12-31T10:00:00"), "a day of the", id="an hour"),
        pytest.param("[[waiver]]\n" + ROW.replace("until = 2026-12-31\n", ""), "`until` must be a day", id="no end"),
        pytest.param("[[waiver]]\n" + ROW.replace('owner = "kim"\n', ""), "`owner` is missing", id="no owner"),
        pytest.param("[[waiver]]\n" + ROW.replace('"kim"', '" "'), "`owner` must be a text", id="an empty owner"),
        pytest.param("[[waiver]]\n" + ROW.replace('"openssl"', "[]"), "`package` must name", id="no package"),
        pytest.param("[[waiver]]\n" + ROW.replace('"openssl"', "[1]"), "`package` must be a list", id="a number"),
        pytest.param(f"[[waiver]]\n{ROW}[[waiver]]\n{ROW}", "two rows for CVE-1", id="two rows for one id"),
        pytest.param("[[waiver]\n", "cannot be read", id="no TOML"),
    ],
)
def test_a_file_that_is_not_right_is_refused(text: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=what) as caught:
        load(tmp_path, text)
    assert caught.value.where.startswith(str(tmp_path / "waivers.toml"))


def test_two_rows_are_named_with_the_line_of_the_second(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, f"[[waiver]]\n{ROW}\n[[waiver]]\n{ROW}")
    assert caught.value.where.endswith("waivers.toml:9")


def test_a_file_that_is_not_there_is_a_mistake_and_not_a_file_without_waivers(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_waivers(tmp_path / "none.toml")
