"""A file is edited in its place: one edit at a time, and all that the file is otherwise stays."""

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.clients.files import edit as module
from erp_build.clients.files.edit import edit_file, replace_file
from erp_build.config.read_file import read_file
from erp_build.errors import ConfigurationError

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
SOMEBODY = 65534

ADD_A_LINE = """
import sys, time
from pathlib import Path
from erp_build.clients.files.edit import edit_file

def change(content):
    time.sleep(0.05)
    return content + sys.argv[2].encode() + b"\\n"

edit_file(Path(sys.argv[1]), change)
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from erp_build.clients.files import edit as module

place, path = sys.argv[1:]
if place == "no files without a name":
    os.O_TMPFILE = os.O_DIRECTORY
    place = "fsync"

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if place == "fsync":
    os.fsync = die
elif place == "link":
    os.link = die
else:
    Path.replace = die
module.edit_file(Path(path), lambda content: content.replace(b"old", b"secret"))
"""


def new(content: bytes) -> bytes:
    return content.replace(b"old", b"newer")


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A chart with a values file, in a repository."""
    folder = tmp_path / "repository" / "helm-chart"
    folder.mkdir(parents=True)
    (folder / "Chart.yaml").write_text("name: x\n", encoding="utf-8")
    (folder / "values.yaml").write_bytes(b"a: old\n")
    return folder


def test_eight_edits_at_once_are_all_there(chart: Path) -> None:
    path = chart / "values.yaml"
    running = [subprocess.Popen([sys.executable, "-c", ADD_A_LINE, path, f"line-{number}"]) for number in range(8)]
    assert [one.wait() for one in running] == [0] * 8
    assert sorted(path.read_text(encoding="utf-8").splitlines()[1:]) == [f"line-{number}" for number in range(8)]
    assert sorted(os.listdir(chart)) == ["Chart.yaml", "values.yaml"]  # noqa: PTH208 - as names


def test_a_program_without_our_lock_that_writes_in_between_is_not_overwritten(chart: Path) -> None:
    path = chart / "values.yaml"
    calls: list[bytes] = []

    def change(content: bytes) -> bytes:
        if not calls:
            path.write_bytes(content + b"theirs\n")
        calls.append(content)
        return content + b"ours\n"

    assert edit_file(path, change)
    assert path.read_bytes() == b"a: old\ntheirs\nours\n"
    assert len(calls) == 2


def test_a_program_that_keeps_writing_is_an_error(chart: Path) -> None:
    path = chart / "values.yaml"

    def change(content: bytes) -> bytes:
        path.write_bytes(content + b"theirs\n")
        return content + b"ours\n"

    with pytest.raises(OSError, match="keeps writing"):
        edit_file(path, change)


def test_an_edit_that_does_not_end_is_not_waited_for_without_end(chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.1)

    def change(content: bytes) -> bytes:
        edit_file(chart / "values.yaml", new)
        return content

    with pytest.raises(TimeoutError, match="another edit has held it"):
        edit_file(chart / "values.yaml", change)


@only_root
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660, 0o755, 0o200])
def test_owner_mode_and_attributes_stay(chart: Path, mode: int) -> None:
    path = chart / "values.yaml"
    os.chown(path, SOMEBODY, 12345)
    path.chmod(mode)
    os.setxattr(path, "user.note", b"kept")
    assert edit_file(path, new)
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (SOMEBODY, 12345, mode)
    assert os.getxattr(path, "user.note") == b"kept"
    assert path.read_bytes() == b"a: newer\n"


@pytest.mark.parametrize(("old", "now"), [(b"old", b"newer"), (b"old", b"new"), (b"old", b"n"), (b"a: old\n", b"")])
def test_a_hard_link_stays_one(chart: Path, old: bytes, now: bytes) -> None:
    path, other = chart / "values.yaml", chart.parent / "other"
    path.write_bytes(b"a: old\nb: 1\n")
    other.hardlink_to(path)
    assert edit_file(path, lambda content: content.replace(old, now))
    assert other.read_bytes() == path.read_bytes() == b"a: old\nb: 1\n".replace(old, now)
    assert path.samefile(other)


def test_of_a_hard_link_only_the_bytes_that_differ_are_written(chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a tag of the same length is written whole, even if the process is killed."""
    path = chart / "values.yaml"
    written: list[tuple[bytes, int]] = []
    path.write_bytes(b"x" * 9000 + b"tag: 1234567\n" + b"y" * 9000)
    (chart.parent / "other").hardlink_to(path)
    really = os.pwrite

    def pwrite(descriptor: int, content: bytes, place: int) -> int:
        written.append((content, place))
        return really(descriptor, content, place)

    monkeypatch.setattr(os, "pwrite", pwrite)
    assert edit_file(path, lambda content: content.replace(b"1234567", b"1299567"))
    assert written == [(b"99", 9007)]


def test_a_replaced_file_keeps_its_mode_and_a_missing_one_is_made(tmp_path: Path) -> None:
    old, new = tmp_path / "values.yaml", tmp_path / "folder" / "values.yaml"
    old.write_bytes(b"old")
    old.chmod(0o640)
    for path in (old, new):
        replace_file(path, b"new")
    assert (old.read_bytes(), new.read_bytes()) == (b"new", b"new")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_replaced_is_an_error_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="a file cannot be written") as caught:
        replace_file(tmp_path, b"new")
    assert "it is a directory" in caught.value.why


def test_a_symbolic_link_stays_one_and_its_target_is_edited(chart: Path) -> None:
    target = chart / "values.yaml"
    link = chart.parent / "link.yaml"
    link.symlink_to("helm-chart/values.yaml")
    assert edit_file(link, new)
    assert link.is_symlink()
    assert target.read_bytes() == b"a: newer\n"


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o555])
def test_a_read_only_file_is_refused_also_for_root(chart: Path, mode: int) -> None:
    path = chart / "values.yaml"
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="the file is read-only") as caught:
        edit_file(path, new)
    assert f"its mode is {mode:04o}" in caught.value.why
    assert "chmod u+w values.yaml" in caught.value.next_step
    assert path.read_bytes() == b"a: old\n"


def test_an_edit_that_changes_nothing_leaves_a_read_only_file_alone(chart: Path) -> None:
    path = chart / "values.yaml"
    path.chmod(0o444)
    assert not edit_file(path, lambda content: content)


@pytest.mark.parametrize("place", ["fsync", "link", "replace", "no files without a name"])
def test_a_killed_edit_leaves_the_old_content_and_no_copy_in_the_chart(chart: Path, place: str) -> None:
    path = chart / "values.yaml"
    done = subprocess.run([sys.executable, "-c", KILLED, place, path], check=False)
    assert done.returncode == -9
    assert path.read_bytes() == b"a: old\n"
    assert sorted(one.name for one in chart.iterdir()) == ["Chart.yaml", "values.yaml"]
    left = sorted(one.name for one in chart.parent.iterdir())
    assert left == ["helm-chart"] or place in ("replace", "no files without a name")


def test_a_killed_edit_of_a_subchart_leaves_no_copy_in_the_chart_above(chart: Path) -> None:
    sub = chart / "charts" / "sub"
    sub.mkdir(parents=True)
    (sub / "Chart.yaml").write_text("name: sub\n", encoding="utf-8")
    (sub / "values.yaml").write_bytes(b"a: old\n")
    subprocess.run([sys.executable, "-c", KILLED, "replace", sub / "values.yaml"], check=False)
    assert not [one for one in chart.rglob("*") if b"secret" in (one.read_bytes() if one.is_file() else b"")]


def test_without_files_without_a_name_an_edit_works_as_well(chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)  # what a system that lacks it sees of it
    assert edit_file(chart / "values.yaml", new)
    assert (chart / "values.yaml").read_bytes() == b"a: newer\n"
    assert [one.name for one in chart.parent.iterdir()] == ["helm-chart"]


def test_from_a_folder_of_another_file_system_the_file_is_made_beside_it(
    chart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container whose chart is mounted by itself: the rename from outside of it fails."""
    really = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.parent != target.parent:
            raise OSError(18, "Invalid cross-device link")
        return really(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    assert edit_file(chart / "values.yaml", new)
    assert (chart / "values.yaml").read_bytes() == b"a: newer\n"
    assert sorted(one.name for one in chart.iterdir()) == ["Chart.yaml", "values.yaml"]


def test_where_the_owner_cannot_be_kept_the_file_is_written_in_place(
    chart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a user who may write to the file of another one."""
    path = chart / "values.yaml"
    inode = path.stat().st_ino

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(module, "_make_alike", refuse)
    assert edit_file(path, new)
    assert path.read_bytes() == b"a: newer\n"
    assert path.stat().st_ino == inode
    assert sorted(one.name for one in chart.iterdir()) == ["Chart.yaml", "values.yaml"]


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(os.mkfifo, "it is a pipe, not a file", id="a pipe"),
        pytest.param(Path.mkdir, "it is a directory, not a file", id="a directory"),
        pytest.param(make_socket, "No such device or address", id="a socket"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file", id="a device"),
        pytest.param(lambda path: path.write_bytes(b"x" * 2000), "it is larger than 1 KiB", id="a large file"),
        pytest.param(lambda path: path.symlink_to("/proc/self/none"), "No such file", id="nothing"),
    ],
)
def test_only_a_file_is_read_and_nothing_is_waited_for(make: Callable[[Path], None], why: str, tmp_path: Path) -> None:
    make(tmp_path / "x")
    began = time.monotonic()
    with pytest.raises(OSError, match=why):
        read_file(tmp_path / "x", 1024)
    assert time.monotonic() - began < 20
