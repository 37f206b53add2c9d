"""`record` and `erp_build.testing`: a diff of the history becomes a case, and a case tells what is wrong."""

import json
from pathlib import Path

import pytest

from erp_build.config.load import default_project, parse_project
from erp_build.testing import DiffCase, diff_cases, load_project, record_diff
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import NOTIFICATION, REQUEST

N = "backend/notification-service"
R = "backend/approval-request-service"
FOLDER = Path("tests/cases/diffs")


@pytest.fixture
def two(erp: Checkout) -> Checkout:
    erp.git("mv", f"{N}/src/App.java", f"{R}/src/Moved.java")
    erp.commit({"docs/설계.md": "x"})
    return erp


def test_a_recorded_diff_holds_what_the_rules_make_of_it_now(two: Checkout, erp_build: CommandLine) -> None:
    base, head = two.git("rev-parse", "HEAD~1"), two.head()
    answer = erp_build("record", "--repo", two.root, "HEAD~1..HEAD")
    assert answer.code == 0
    path = two.root / FOLDER / f"{base[:7]}-{head[:7]}.json"
    assert answer.out == f"{path}\n"
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "about": f"{base[:12]}..{head[:12]}",
        "changed": [f"{R}/src/Moved.java", f"{N}/src/App.java", "docs/설계.md"],
        "targets": [REQUEST, NOTIFICATION],
        "unowned": ["docs/설계.md"],
    }
    assert "설계" in path.read_text(encoding="utf-8")


def test_a_recorded_case_passes_until_the_rules_change(two: Checkout, erp_build: CommandLine) -> None:
    erp_build("record", "--repo", two.root, "HEAD~1..HEAD", "--about", "a move")
    (case,) = diff_cases(two.root / FOLDER)
    case.check(load_project(two.root))
    other = parse_project(f'[[service]]\npath = "{N}"\n[[service]]\npath = "docs"\n')
    with pytest.raises(AssertionError) as caught:
        case.check(other)
    assert str(caught.value).splitlines()[1:] == [
        f"missing target: {REQUEST}",
        "unexpected target: docs",
        "missing unowned path: docs/설계.md",
        f"unexpected unowned path: {R}/src/Moved.java",
    ]
    assert f"{case.name} (a move):" in str(caught.value)


def test_any_name_of_a_file_comes_back_as_it_was(two: Checkout, erp_build: CommandLine) -> None:
    names = [b"\xb0\xa1.java", "😀.java".encode(), b'"q"', b"line\nfeed", b"back\\slash"]
    for name in names:
        two.write(f"{N}/".encode() + name)
    two.commit()
    erp_build("record", "--repo", two.root, "HEAD~1..", "--out", two.root / "case.json")
    (case,) = diff_cases(two.root)
    assert {path.encode("utf-8", "surrogateescape") for path in case.changed} == {f"{N}/".encode() + n for n in names}
    case.check(load_project(two.root))


@pytest.mark.parametrize("range_", ["HEAD", "HEAD...HEAD", "nowhere..HEAD", "HEAD..nowhere", "..--x", "^HEAD..HEAD"])
def test_a_range_that_names_no_two_commits_is_refused(two: Checkout, range_: str, erp_build: CommandLine) -> None:
    answer = erp_build("record", "--repo", two.root, range_)
    assert answer.code == 2
    assert "the range names no two commits" in answer.err
    assert not (two.root / FOLDER).exists()


def test_a_case_that_cannot_be_written_is_named(two: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("record", "--repo", two.root, "HEAD~1..", "--out", "/dev/null/case.json")
    assert answer.code == 2
    assert "the case cannot be written" in answer.err


def test_a_case_may_bring_a_project_of_its_own(tmp_path: Path) -> None:
    document = {"about": "x", "changed": ["a/x"], "targets": ["a"], "unowned": []}
    text = json.dumps({**document, "project": '[[service]]\npath = "a"\n'})
    (tmp_path / "one.json").write_text(text, encoding="utf-8")
    (case,) = diff_cases(tmp_path)
    case.check()
    assert case.document() == json.loads(text)
    assert str(case) == "one"


def test_a_case_without_a_project_wants_one() -> None:
    with pytest.raises(ValueError, match="pass yours"):
        record_diff(default_project(), [f"{N}/x"], name="one", about="x").check()


def test_cases_are_sorted_and_a_folder_without_any_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no cases"):
        diff_cases(tmp_path)
    for name in ("b", "a"):
        case = DiffCase(name=name, about="x", changed=(), targets=(), unowned=())
        (tmp_path / f"{name}.json").write_text(json.dumps(case.document()), encoding="utf-8")
    assert [case.name for case in diff_cases(tmp_path)] == ["a", "b"]


def test_ignored_files_are_neither_owned_nor_missed() -> None:
    project = parse_project('ignore = ["*.md"]\n[[service]]\npath = "a"\n')
    case = record_diff(project, ["a/x.md", "a/x", "b.md", "b"], name="one", about="x")
    assert (case.targets, case.unowned) == (("a",), ("b",))
