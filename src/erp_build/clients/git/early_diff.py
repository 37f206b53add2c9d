"""A comparison of two trees by a Git process that runs while this one still imports its modules.

Imports only what the interpreter has loaded anyway.
"""

import os

from erp_build.clients.git.command import DIFF, PAIRS, WITHOUT_INDEX, git_environment
from erp_build.model.commit import is_full_commit


class EarlyDiff:
    """A comparison in progress.

    Args:
        root: of the repository.
        base: full commit.
        head: full commit; None: the one that HEAD names. Raises `OSError` where that cannot be read from the files.
    """

    def __init__(self, root: str, base: str, head: str | None) -> None:
        self.root = os.path.realpath(root)
        self.base = base
        self.head = head or _head_of(root)
        self.is_of_head = head is None
        self._output: bytes | None = None
        reading, writing = os.pipe()
        asked, asking = os.pipe()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        words = ["git", "-C", self.root, *DIFF, *PAIRS]
        environment = {**git_environment(self.root), **WITHOUT_INDEX}
        actions = [(os.POSIX_SPAWN_DUP2, end, place) for place, end in enumerate((asked, writing, nowhere))]
        try:
            os.write(asking, f"{self.head} {base}\n".encode("ascii"))
            self._process = os.posix_spawnp("git", words, environment, file_actions=actions)
        except OSError:
            os.close(reading)
            raise
        finally:
            for end in (asked, asking, writing, nowhere):
                os.close(end)
        self._stream = reading

    def output(self) -> bytes | None:
        """Wait for the comparison and return it; None if Git cannot read one of the commits."""
        if self._stream >= 0:
            with open(self._stream, "rb") as stream:
                output = stream.read()
            self._stream = -1
            _, status = os.waitpid(self._process, 0)
            start = f"{self.head}\0".encode("ascii")
            self._output = output[len(start) :] if status == 0 and output.startswith(start) else None
        return self._output


def _head_of(root: str) -> str:
    """The commit of HEAD, read from its files; raises `OSError` for packed references and worktrees."""
    text = _read(os.path.join(root, ".git", "HEAD"))
    head = _read(os.path.join(root, ".git", text[5:])) if text.startswith("ref: ") else text
    if not is_full_commit(head):
        raise OSError(f"HEAD of {root} names no full commit")
    return head


def _read(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read().strip()
