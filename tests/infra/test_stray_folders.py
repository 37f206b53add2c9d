"""The folders that programs make wherever their own are: only those that came with the sandbox go with it."""

from pathlib import Path

from sandbox.machine import stray_folders


def test_a_folder_that_came_goes_and_one_that_was_there_stays(tmp_path: Path) -> None:
    came, was_there, before = tmp_path / "came", tmp_path / "was-there", tmp_path / "state" / "before.json"
    was_there.mkdir()
    stray_folders.note((str(came), str(was_there)), before)
    (came / "plugins").mkdir(parents=True)
    stray_folders.note((str(came), str(was_there)), before)
    stray_folders.remove(before)
    assert not came.exists()
    assert was_there.exists()


def test_a_folder_that_holds_a_file_may_be_somebody_elses(tmp_path: Path) -> None:
    came, before = tmp_path / "came", tmp_path / "before.json"
    stray_folders.note((str(came),), before)
    (came / "empty").mkdir(parents=True)
    (came / "utab").write_text("", encoding="utf-8")
    stray_folders.remove(before)
    assert [path.name for path in came.iterdir()] == ["utab"]


def test_without_a_note_nothing_is_taken_away(tmp_path: Path) -> None:
    stray_folders.remove(tmp_path / "before.json")
