"""The build context as a tar that is the same for the same files: sorted, without times, owners and umask."""

import io
import tarfile
from pathlib import Path
from typing import IO

from docker.utils.build import exclude_paths

READABLE, EXECUTABLE = 0o644, 0o755


def context_tar(folder: Path, dockerfile: str, spool: IO[bytes]) -> None:
    """Write the context of a folder, without what its .dockerignore excludes, and rewind the file."""
    with tarfile.open(fileobj=spool, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(exclude_paths(str(folder), _patterns(folder), dockerfile=dockerfile)):
            path = folder / name
            entry = tar.gettarinfo(path, arcname=name)
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
            entry.mode = EXECUTABLE if entry.isdir() or entry.mode & 0o100 else READABLE
            if entry.islnk():
                # A second name of a file: how many names it has is the disk's business, not the image's.
                entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
            if entry.isreg():
                with path.open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry, io.BytesIO())
    spool.seek(0)


def _patterns(folder: Path) -> list[str]:
    try:
        text = (folder / ".dockerignore").read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
