"""A Git command that works while we do something else. Imports what the interpreter has loaded anyway."""

import os
from collections.abc import Sequence

from erp_build.clients.git.command import WITHOUT_INDEX, git_environment


class BackgroundGit:
    """A running Git command.

    Args:
        root: of the repository, a real path.
        words: the command.
        given: its standard input, short enough for a pipe that nobody reads yet.

    Raises:
        OSError: there is no Git, or no process to be had.
    """

    def __init__(self, root: str, words: Sequence[str], given: str) -> None:
        reading, writing = os.pipe()
        asked, asking = os.pipe()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        environment = {**git_environment(root), **WITHOUT_INDEX}
        actions = [(os.POSIX_SPAWN_DUP2, end, place) for place, end in enumerate((asked, writing, nowhere))]
        try:
            os.write(asking, given.encode("utf-8", "surrogateescape"))
            self._process = os.posix_spawnp("git", ["git", "-C", root, *words], environment, file_actions=actions)
        except OSError:
            os.close(reading)
            raise
        finally:
            for end in (asked, asking, writing, nowhere):
                os.close(end)
        self._stream = reading

    def output(self) -> bytes | None:
        """Wait for the end, and return what Git printed; None when it failed. Asked for once."""
        with os.fdopen(self._stream, "rb") as stream:
            output = stream.read()
        _, status = os.waitpid(self._process, 0)
        return output if status == 0 else None
