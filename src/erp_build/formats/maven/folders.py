"""The folders in which no modules of a project lie."""

import re

OF_TOOLS, SOURCES = frozenset((b"node_modules",)), frozenset((b"src",))
WITH_OUTPUT = OF_TOOLS | {b"target"}
"""`target` holds copies of poms that Maven has filtered."""

GATHERS = re.compile(rb"<packaging>\s{0,99}pom\s{0,99}</packaging>")
"""What a pom says that makes nothing itself: its `src` may hold modules; that of any other holds only files of it."""


def folders_without_modules(pom: bytes | None) -> frozenset[bytes]:
    """The names of folders in which no modules are looked for.

    Args:
        pom: the content of the one beside them; None: there is none.
    """
    if pom is None:
        return OF_TOOLS
    return WITH_OUTPUT if b"<packaging>" in pom and GATHERS.search(pom) else WITH_OUTPUT | SOURCES
