"""The lock of a directory: one at a time, also across processes, and nothing is left of it."""

import fcntl
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.maven import folder_lock as locks
from erp_build.errors import BuildFailed

HOLDER = """\
import subprocess, sys
from pathlib import Path
from erp_build.clients.clock import SystemClock
from erp_build.clients.maven.folder_lock import hold_folders
with hold_folders([Path(sys.argv[1])], SystemClock(), print) as descriptors:
    child = subprocess.Popen(["sleep", "60"], pass_fds=descriptors, stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    child.wait()
"""
LEFT = """\
import sys, threading, time
from pathlib import Path
from erp_build.clients.clock import SystemClock
from erp_build.clients.maven.folder_lock import hold_folders
taken = threading.Event()
def work():
    with hold_folders([Path(sys.argv[1])], SystemClock(), print):
        taken.set()
        time.sleep(60)
threading.Thread(target=work, daemon=True).start()
taken.wait()
sys.exit(143)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "locks"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def test_a_lock_that_was_given_up_leaves_no_file(place: Path, tmp_path: Path) -> None:
    with locks.hold_folders([tmp_path / "one", tmp_path / "둘"], SimulatedClock(), print) as descriptors:
        assert len(descriptors) == 2
        assert len(list(place.iterdir())) == 2
    assert list(place.iterdir()) == []


def test_a_second_holder_is_told_why_it_waits_and_refused_after_its_patience(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        locks.hold_folders([tmp_path], SimulatedClock(), said.append),
        pytest.raises(BuildFailed) as refused,
        locks.hold_folders([tmp_path], SimulatedClock(), said.append, timeout=3),
    ):
        pass
    assert said == [f"waiting for another Maven in {tmp_path.name}"]
    assert refused.value.where == str(tmp_path)
    assert "3 s" in (refused.value.why or "")


def test_two_orders_of_the_same_directories_are_taken_in_one_order(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("b", "a", "c")]
    with (
        locks.hold_folders(folders, SimulatedClock(), print),
        pytest.raises(BuildFailed) as refused,
        locks.hold_folders(folders[::-1], SimulatedClock(), print, timeout=1),
    ):
        pass
    assert refused.value.where == str(tmp_path / "a")


def test_a_lock_is_held_as_long_as_the_child_of_a_killed_holder_runs(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    try:
        with (
            pytest.raises(BuildFailed, match="another Maven is running in the service's directory"),
            locks.hold_folders([tmp_path], SimulatedClock(), print, timeout=1),
        ):
            pass
    finally:
        subprocess.run(["kill", "-9", str(child)], check=True)
    while Path(f"/proc/{child}/stat").exists() and " Z " not in Path(f"/proc/{child}/stat").read_text():
        pass
    with locks.hold_folders([tmp_path], SimulatedClock(), print, timeout=1) as descriptors:
        assert len(descriptors) == 1


def test_a_program_that_ends_while_a_worker_holds_a_lock_leaves_no_file(tmp_path: Path, place: Path) -> None:
    words = [sys.executable, "-c", LEFT, str(tmp_path)]
    assert subprocess.run(words, check=False, timeout=30).returncode == 143
    assert list(place.iterdir()) == []


def test_a_lock_whose_file_was_just_taken_away_is_taken_anew(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our open and our lock its last holder ended: the file that we hold is nobody's any more."""
    real, taken = fcntl.flock, list[int]()

    def flock(descriptor: int, how: int) -> None:
        if not taken:
            taken.append(descriptor)
            for path in place.iterdir():
                path.unlink()
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with locks.hold_folders([tmp_path], SimulatedClock(), print):
        assert len(list(place.iterdir())) == 1
