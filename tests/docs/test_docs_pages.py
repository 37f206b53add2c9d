"""The pages: built without a warning, generated ones up to date, and what they quote is what the program says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from erp_build import errors
from scripts import configuration_page
from tests.support.documented import ROOT

DOCS = ROOT / "docs"
TROUBLE = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
QUOTED = {
    text
    for text in re.findall(r"`([^`]+)`", " ".join(TROUBLE.split()))
    if re.fullmatch(r"[a-z][A-Za-z' ]*", text) and len(text.split()) > 2
}


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    words = ["-W", "--keep-going", "-q", "-j", "auto", "-d", str(tmp_path / "trees"), str(DOCS), str(tmp_path / "site")]
    done = subprocess.run([sys.executable, "-m", "sphinx", *words], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    assert {path for path in pages if not (tmp_path / "site" / path).exists()} == set()
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert [str(path) for path in pages if path.name != "index.html" and f'"{path}"' not in index] == []


def test_the_reference_of_the_configuration_is_up_to_date() -> None:
    written = configuration_page.PAGE.read_text(encoding="utf-8")
    assert written == configuration_page.page(), "make generated writes it anew"


def test_the_reference_has_a_row_for_every_key_of_the_example() -> None:
    example = (ROOT / "examples" / "erp" / "erp-build.toml").read_text(encoding="utf-8")
    keys = set(re.findall(r"^(?:# )?([a-z_]+) = ", example, flags=re.MULTILINE))
    rows = set(re.findall(r"^\| `(\w+)`", configuration_page.page(), flags=re.MULTILINE))
    assert len(keys) > 30
    assert keys <= rows


def test_every_exit_code_is_explained() -> None:
    rows = ",".join(re.findall(r"^\| ([\d, ]+) \|", TROUBLE, flags=re.MULTILINE)).split(",")
    ours = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "code")}
    assert [int(code) for code in rows] == sorted(ours | {0, 129, 130, 143})


def test_there_is_something_quoted() -> None:
    assert len(QUOTED) > 8


@pytest.mark.parametrize("text", sorted(QUOTED))
def test_what_troubleshooting_quotes_is_what_the_program_says(text: str) -> None:
    catalogues = (ROOT / "src" / "erp_build" / "formats" / "messages").glob("*.toml")
    files = (*(ROOT / "src").rglob("*.py"), *catalogues)
    sources = " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in files)
    assert text in sources.replace('" "', "")


def test_every_decision_is_short() -> None:
    for path in (DOCS / "decisions").glob("[0-9]*.md"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 30, path.name
