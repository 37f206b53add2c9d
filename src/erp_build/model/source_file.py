"""A file of the sources as Git names it."""

from typing import NamedTuple


class SourceFile(NamedTuple):
    """A file as Git names it: mode (100644, 100755, 120000 a link), id of its blob, path from the root."""

    mode: str
    identifier: str
    path: str
