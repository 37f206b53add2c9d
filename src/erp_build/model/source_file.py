"""A file of the sources as Git names it, and as it lies in the checkout."""

from typing import NamedTuple

SYMLINK_MODE, SUBMODULE_MODE, EXECUTABLE_MODE, FILE_MODE = "120000", "160000", "100755", "100644"
MISSING_MODE = "000000"


class SourceFile(NamedTuple):
    """A file as Git names it: mode (100644, 100755, 120000 a link), id of its blob, path from the root."""

    mode: str
    identifier: str
    path: str


class CheckedFile(NamedTuple):
    """A file as it lies in the checkout, compared with the commit.

    Attributes:
        file: its mode there, the id of its content there, and its path.
        doubt: why a clean checkout may have something else here; empty: it has the same.
        differs: whether this is no checkout of the commit, and not only a doubt.
        leads_to: of a link, the paths that it leads to; one outside of the tree is absolute or begins with `../`.
    """

    file: SourceFile
    doubt: str = ""
    differs: bool = False
    leads_to: tuple[str, ...] = ()
