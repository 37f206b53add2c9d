"""Edits a file in its place: one editor at a time, with its owner, mode and links, and no copy of it beside it.

The new content is written to a file without a name and renamed over the old one, so that a kill at any moment leaves
the old or the new content. Helm packs every file of a chart's folder, and a values file holds passwords: so the
new file gets its name outside of the chart, and only for the moment of the rename.
"""

import errno
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from erp_build.clients.files.atomic import write_file
from erp_build.config.read_file import read_file
from erp_build.errors import ConfigurationError

LOCK_WAIT_S = 30.0
"""Seconds to wait for another editor; an edit takes a fraction of one."""

LOCK_POLL_S = 0.02
MAX_ATTEMPTS = 5
"""Attempts where a program without our lock writes in between."""

NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""How a network's file system says that it has no locks for folders."""


def edit_file(path: Path, change: Callable[[bytes], bytes]) -> bool:
    """Change the content of a file, or of the file that a symbolic link leads to.

    Args:
        path: of the file.
        change: maps its bytes to the new ones; called again if another program writes in between.

    Returns whether the content is another one now. Raises `OSError`, and `ConfigurationError` for a read-only file.
    """
    target = path.resolve(strict=True)
    with _held(target.parent):
        for _ in range(MAX_ATTEMPTS):
            before = read_file(target)
            after = change(before)
            if after == before:
                return False
            refuse_read_only(target)
            if _replaced(target, before, after):
                return True
    raise OSError(errno.EBUSY, "another program keeps writing to it", str(path))


def replace_file(path: Path, content: bytes) -> None:
    """Give a file another content, in its place; or make the file. Raises `ConfigurationError` if that fails."""
    if not path.exists():
        write_file(path, content)
        return
    try:
        edit_file(path, lambda _: content)
    except OSError as error:
        raise ConfigurationError(
            "a file cannot be written", where=str(path), why=str(error), next_step="check its folder's rights"
        ) from error


def refuse_read_only(path: Path) -> None:
    """Raise `ConfigurationError` for a file that its mode protects, also from root, or that this user may not write."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) and os.access(path, os.W_OK):
        return
    raise ConfigurationError(
        "the file is read-only",
        where=str(path),
        why=f"its mode is {mode:04o}, so this user may not write to it",
        next_step=f"chmod u+w {path.name}, if it is meant to be edited",
    )


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder for the time of the block; the lock of the file itself would go with the rename."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    end = time.monotonic() + LOCK_WAIT_S
    try:
        while not _locked(descriptor):
            if time.monotonic() > end:
                raise TimeoutError(errno.ETIMEDOUT, f"another edit has held it for {LOCK_WAIT_S:.0f} s", str(folder))
            time.sleep(LOCK_POLL_S)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        # Then only the comparison before the rename guards the file.
        if error.errno not in NO_LOCKS:
            raise
    return True


def _replaced(target: Path, before: bytes, after: bytes) -> bool:
    """Put the new content in the place of the old one; False if that is not there any more."""
    status = target.stat()
    if status.st_nlink > 1:
        return _overwritten(target, before, after)
    for folder in dict.fromkeys((_outside_of_charts(target), target.parent)):
        try:
            with _new_file(folder, after, target) as name:
                if read_file(target) != before:
                    return False
                name.replace(target)
        except PermissionError:
            # The owner cannot be kept, or nothing can be made in this folder.
            continue
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        else:
            return True
    return _overwritten(target, before, after)


def _overwritten(target: Path, before: bytes, after: bytes) -> bool:
    """Write the bytes from the first that differs on, in one call: a rename would cut a hard link, or change the owner.

    A tag of the same length is a few bytes, written whole. Otherwise a kill within the call may leave a part.
    """
    if read_file(target) != before:
        return False
    start = _equal_bytes(before, after)
    end = len(after)
    if len(after) == len(before):
        end -= _equal_bytes(before[:start:-1], after[:start:-1])
    descriptor = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, after[start:end], start)
        os.ftruncate(descriptor, len(after))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def _equal_bytes(one: bytes, other: bytes) -> int:
    """The number of bytes that are the same at the beginning of both."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _outside_of_charts(target: Path) -> Path:
    """The folder above the outermost chart that the file lies in, if a file can be renamed from there."""
    charts = [folder for folder in target.parents if (folder / "Chart.yaml").is_file()]
    outside = charts[-1].parent if charts else target.parent
    is_near = outside.stat().st_dev == target.parent.stat().st_dev
    return outside if is_near and os.access(outside, os.W_OK | os.X_OK) else target.parent


@contextmanager
def _new_file(folder: Path, content: bytes, like: Path) -> Iterator[Path]:
    """Make a file with the owner, mode and attributes of another one; removed after the block, unless it was renamed.

    It gets its name last, where the system has files without one.
    """
    name = folder / f".erp-build-{os.getpid()}-{time.monotonic_ns()}"
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        is_named = False
    except OSError:
        descriptor, made = tempfile.mkstemp(dir=folder, prefix=".erp-build-")
        name, is_named = Path(made), True
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _make_alike(descriptor, like)
            # On the disk before the rename: otherwise a crash could leave an empty file.
            os.fsync(descriptor)
            if not is_named:
                # A folder's descriptor makes Python follow the link, which is what names the file.
                os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=descriptor, follow_symlinks=True)
        yield name
    finally:
        with suppress(FileNotFoundError):
            name.unlink()


def _make_alike(descriptor: int, like: Path) -> None:
    """Give a file the owner, mode and extended attributes of another one.

    Raises `PermissionError` where this user may not give a file away.
    """
    status, own = like.stat(), os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (own.st_uid, own.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    for attribute in os.listxattr(like):
        # Labels of a security module may be the system's alone to set.
        with suppress(OSError):
            os.setxattr(descriptor, attribute, os.getxattr(like, attribute))
