"""The folder of a run is gone afterwards, also where a thread still makes files in it."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from erp_build.clients.files.private_folder import private_folder


def test_it_is_private_and_gone_afterwards() -> None:
    with private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "images").mkdir()
        (folder / "images/layer").write_bytes(b"x")
    assert not folder.exists()


def test_a_thread_that_still_makes_files_in_it_breaks_nothing() -> None:
    ended = threading.Event()

    def make(folder: Path) -> None:
        number = 0
        with suppress(FileNotFoundError):
            while number < 2_000 or not ended.is_set():
                (folder / str(number)).mkdir()
                number += 1

    with pytest.raises(KeyError, match="the block"), private_folder() as folder:  # noqa: PT012 - the block counts
        thread = threading.Thread(target=make, args=(folder,))
        thread.start()
        ended.set()
        raise KeyError("the block")
    thread.join()
    assert not folder.exists()
