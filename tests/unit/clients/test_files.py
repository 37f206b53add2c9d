"""Files are written whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from erp_build.clients.files.atomic import full_disk_fails, write_atomically
from erp_build.errors import BuildFailed

KILLED = """
import os, signal, sys
from pathlib import Path
from erp_build.clients.files.atomic import write_atomically

# The machine stops at the worst moment: the new bytes are written, the old file is not yet replaced.
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
write_atomically(Path(sys.argv[1]), b"new" * 1000)
"""


def test_a_new_file_is_written_for_all_to_read(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"\xef\xbb\xbfx\r\n")
    assert (tmp_path / "a").read_bytes() == b"\xef\xbb\xbfx\r\n"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_a_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == mode


def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    target, link = tmp_path / "shared" / "values.yaml", tmp_path / "values.yaml"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_nothing_else_is_left_beside_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_process_that_is_killed_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert done.returncode == -9
    assert path.read_bytes() == b"old"


def test_a_failure_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "inside").touch()
    with pytest.raises(OSError, match="a"):
        write_atomically(folder, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        write_atomically(tmp_path / "none" / "a", b"new")


def test_a_full_disk_is_a_failure_that_names_what_was_written() -> None:
    with pytest.raises(BuildFailed, match="the disk is full") as caught, full_disk_fails("there"):
        Path("/dev/full").write_text("x", encoding="ascii")
    assert (caught.value.where, caught.value.why) == ("there", "No space left on device")


def test_another_trouble_with_a_file_is_none_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No such file or directory"), full_disk_fails("there"):
        (tmp_path / "none").read_bytes()
