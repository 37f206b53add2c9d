"""What real Git says of real changes: every side of a change counts, whatever its name."""

import os
import unicodedata
from pathlib import Path

import pytest

from erp_build.changes.detect import warning_of
from erp_build.clients.git.repository import GitRepository
from tests.support.detection import changed, detect
from tests.support.git import Checkout
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST

N = "backend/notification-service"
R = "backend/approval-request-service"


def test_a_file_that_moves_to_another_service_changes_both(erp: Checkout) -> None:
    base = erp.head()
    erp.git("mv", f"{N}/src/App.java", f"{R}/src/Moved.java")
    erp.commit()
    assert changed(erp.root, base) == {NOTIFICATION: {f"{N}/src/App.java"}, REQUEST: {f"{R}/src/Moved.java"}}


def test_a_users_rename_setting_does_not_hide_the_old_side(erp: Checkout) -> None:
    erp.git("config", "diff.renames", "copies")
    base = erp.head()
    erp.git("mv", f"{N}/src/App.java", f"{R}/src/Moved.java")
    erp.commit()
    assert set(changed(erp.root, base)) == {NOTIFICATION, REQUEST}


def test_a_deleted_file_is_a_change(erp: Checkout) -> None:
    base = erp.head()
    erp.git("rm", "--quiet", f"{N}/src/App.java")
    erp.commit()
    assert changed(erp.root, base) == {NOTIFICATION: {f"{N}/src/App.java"}}


def test_a_service_that_is_deleted_whole_is_a_change(erp: Checkout) -> None:
    base = erp.head()
    erp.git("rm", "-r", "--quiet", N)
    erp.commit()
    assert set(changed(erp.root, base)) == {NOTIFICATION}


def test_an_executable_bit_is_a_change(erp: Checkout) -> None:
    base = erp.head()
    erp.git("update-index", "--chmod=+x", f"{N}/pom.xml")
    erp.git("commit", "--quiet", "--message", "mode")
    assert changed(erp.root, base) == {NOTIFICATION: {f"{N}/pom.xml"}}


def test_a_case_of_a_name_is_a_change_on_both_sides(erp: Checkout) -> None:
    base = erp.head()
    erp.git("mv", f"{N}/src/App.java", f"{N}/src/app.java")
    erp.commit()
    assert changed(erp.root, base)[NOTIFICATION] == {f"{N}/src/App.java", f"{N}/src/app.java"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("알림.java", id="Korean"),
        pytest.param(unicodedata.normalize("NFD", "알림.java"), id="Korean as macOS writes it"),
        pytest.param("two words.java", id="a space"),
        pytest.param("tab\there.java", id="a tab"),
        pytest.param("line\nfeed.java", id="a line feed"),
        pytest.param('"quoted".java', id="quotes"),
        pytest.param("back\\slash.java", id="a backslash"),
        pytest.param("-rf.java", id="what looks like an option"),
        pytest.param("😀.java", id="beyond 16 bits"),
        pytest.param(os.fsdecode(b"\xb0\xa1.java"), id="bytes that are no UTF-8"),
    ],
)
def test_a_file_counts_whatever_its_name(erp: Checkout, name: str) -> None:
    base = erp.head()
    erp.commit({f"{N}/{name}": "x\n"})
    assert changed(erp.root, base) == {NOTIFICATION: {f"{N}/{name}"}}


def test_a_service_in_a_korean_folder_is_found_when_git_has_it_decomposed(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "백엔드/알림")
    erp = Checkout.create(tmp_path, **{"erp-build.toml": '[[service]]\npath = "백엔드/알림"\n'})
    base = erp.head()
    erp.commit({f"{decomposed}/pom.xml": "<project/>\n"})
    assert set(changed(erp.root, base)) == {"알림"}


def test_a_merge_counts_what_it_brings_and_nothing_else(erp: Checkout) -> None:
    base = erp.head()
    erp.git("checkout", "--quiet", "-b", "feature")
    erp.commit({f"{N}/new": "x"})
    erp.git("checkout", "--quiet", "main")
    main = erp.commit({f"{R}/new": "x"})
    erp.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    assert set(changed(erp.root, base)) == {NOTIFICATION, REQUEST}
    assert set(changed(erp.root, main)) == {NOTIFICATION}


def test_an_edit_inside_a_merge_commit_counts(erp: Checkout) -> None:
    erp.git("checkout", "--quiet", "-b", "feature")
    erp.commit({f"{N}/new": "x"})
    erp.git("checkout", "--quiet", "main")
    main = erp.commit({f"{R}/new": "x"})
    erp.git("merge", "--quiet", "--no-ff", "--no-commit", "feature")
    erp.commit({"backend/employee-service/evil": "x"})
    assert set(changed(erp.root, main)) == {NOTIFICATION, EMPLOYEE}


def test_trees_are_compared_not_histories(erp: Checkout) -> None:
    """The deployed commit was pushed away by force: what it had changed is changed back, and so counts."""
    start = erp.head()
    deployed = erp.commit({f"{N}/only-there": "x"})
    erp.git("reset", "--quiet", "--hard", start)
    erp.commit({f"{R}/new": "x"})
    assert set(changed(erp.root, deployed)) == {NOTIFICATION, REQUEST}


def test_going_back_is_a_change_as_well(erp: Checkout) -> None:
    old = erp.head()
    newer = erp.commit({f"{N}/new": "x"})
    assert set(changed(erp.root, newer, old)) == {NOTIFICATION}


def test_a_change_and_its_revert_are_nothing(erp: Checkout) -> None:
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    erp.git("revert", "--no-edit", "HEAD")
    assert changed(erp.root, base) == {}


def test_all_commits_since_the_baseline_count_not_only_the_last(erp: Checkout) -> None:
    base = erp.head()
    for path in (f"{N}/a", f"{R}/a", "backend/approval-processing-service/a", "helm-chart/a", "docs/a"):
        erp.commit({path: "x"})
    assert set(changed(erp.root, base)) == {NOTIFICATION, REQUEST, PROCESSING, CHART}
    assert detect(erp.root, base).unowned == ("docs/a",)


def test_a_link_that_points_elsewhere_is_a_change(erp: Checkout) -> None:
    (erp.root / N / "link").symlink_to("pom.xml")
    base = erp.commit()
    (erp.root / N / "link").unlink()
    (erp.root / N / "link").symlink_to("src")
    erp.commit()
    assert changed(erp.root, base) == {NOTIFICATION: {f"{N}/link"}}


def test_a_submodule_that_moves_on_is_a_change(erp: Checkout) -> None:
    first, second = "1" * 40, "2" * 40
    erp.git("update-index", "--add", "--cacheinfo", f"160000,{first},{N}/module")
    erp.git("commit", "--quiet", "--message", "module")
    base = erp.head()
    erp.git("update-index", "--add", "--cacheinfo", f"160000,{second},{N}/module")
    erp.git("commit", "--quiet", "--message", "module")
    assert changed(erp.root, base) == {NOTIFICATION: {f"{N}/module"}}


def test_a_users_external_diff_and_prefixes_play_no_part(erp: Checkout) -> None:
    erp.git("config", "diff.external", "false")
    erp.git("config", "diff.noprefix", "true")
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    assert set(changed(erp.root, base)) == {NOTIFICATION}


def test_files_that_are_changed_but_not_committed_are_a_warning(erp: Checkout) -> None:
    erp.write(f"{N}/pom.xml", "changed\n")
    erp.write("untracked", "x")
    warning = f"1 file is changed but not committed and not part of the comparison: {N}/pom.xml"
    assert warning_of(GitRepository(erp.root).uncommitted()) == (warning,)
    assert not any(detect(erp.root, erp.head()).changes.values())


def test_a_staged_move_is_two_uncommitted_files(erp: Checkout) -> None:
    erp.git("mv", "README.md", "LIESMICH.md")
    assert GitRepository(erp.root).uncommitted() == ("LIESMICH.md", "README.md")


@pytest.mark.parametrize("where", [".gitmodules", "the settings", "the settings of all"])
def test_no_setting_hides_a_submodule_that_moves_on(erp: Checkout, where: str) -> None:
    if where == ".gitmodules":
        erp.write(".gitmodules", f'[submodule "m"]\n\tpath = {N}/module\n\turl = x\n\tignore = all\n')
    elif where == "the settings":
        erp.git("config", "submodule.m.ignore", "all")
        erp.write(".gitmodules", f'[submodule "m"]\n\tpath = {N}/module\n\turl = x\n')
    else:
        erp.git("config", "diff.ignoreSubmodules", "all")
    erp.commit()
    for commit in ("1", "2"):
        erp.git("update-index", "--add", "--cacheinfo", f"160000,{commit * 40},{N}/module")
        erp.git("commit", "--quiet", "--allow-empty", "--message", "module")
    assert changed(erp.root, "HEAD~1") == {NOTIFICATION: {f"{N}/module"}}


def test_a_replaced_commit_is_compared_as_it_was_made(erp: Checkout) -> None:
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    erp.git("replace", base, "HEAD")
    assert changed(erp.root, base) == {NOTIFICATION: {f"{N}/new"}}


def test_a_replaced_file_has_the_content_that_was_committed(erp: Checkout) -> None:
    erp.write("other", "other")
    erp.git("replace", erp.git("rev-parse", f"HEAD:{N}/pom.xml"), erp.git("hash-object", "-w", "other"))
    assert GitRepository(erp.root).read_file("HEAD", f"{N}/pom.xml") == b"<project>notification-service</project>\n"


def test_a_graft_changes_no_ancestor(erp: Checkout) -> None:
    base = erp.head()
    head = erp.commit({f"{N}/new": "x"})
    erp.write(".git/info/grafts", f"{head}\n")
    assert GitRepository(erp.root).is_ancestor(base, head)
