"""Which poms of a tree another one names, told from their text alone.

A module that nobody names is used by nobody, whatever the graph would say. Most services are such modules, and a text
is searched in a tenth of the time that it takes to read it as XML. Where a text leaves a doubt, the graph is read.
"""

import posixpath
import re
from collections.abc import Mapping
from xml.parsers import expat

from erp_build.formats.maven.settings import EXTENSIONS_FILE, MAVEN_FOLDER, SETTINGS_FILE

NAME = re.compile(rb"<artifactId[^>]{0,99}>([^<]{0,999})<")
PARENT, PARENT_END = b"<parent>", b"</parent>"
MODULE = re.compile(rb"<(?:module|subproject)>([^<]{0,999})<")
COMMENT, COMMENT_END = b"<!--", b"-->"

OF_OTHERS = tuple(
    (f"<{name}>".encode(), f"</{name}>".encode())
    for name in ("dependencies", "dependencyManagement", "build", "reporting", "profiles")
)
"""What of a pom holds the names of others. Where it ends too early, more names seem to be its own."""

OF_SETTINGS = (f"{MAVEN_FOLDER}/{SETTINGS_FILE}", f"{MAVEN_FOLDER}/{EXTENSIONS_FILE}")
OWN = frozenset((b"${project.artifactId}", b"${artifactId}", b"${pom.artifactId}"))
UNUSUAL = (b"<![CDATA[", b"<!DOCTYPE", b"\0")

NAMED, INHERITED, MODULE_OF = 1, 2, 4
"""Of a pom: another one names it, names it as its parent, names it as its module."""

Names = tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]
"""The names that may be a pom's own, those that it names, those of its parents, and its modules."""


def names_in(path: str, content: bytes) -> Names | None:
    """Return the names in a pom, or in a file of a `.mvn`; None where its text does not tell them for certain."""
    if path.endswith(OF_SETTINGS):
        return (), tuple(name.strip() for name in NAME.findall(content)), (), ()
    if any(sign in content for sign in UNUSUAL) or not _is_xml(content):
        return None
    plain = _without_comments(content)
    start, end = plain.find(PARENT), plain.find(PARENT_END)
    parents = _stripped(NAME.findall(plain, start, end)) if start >= 0 else []
    if start >= 0 and (len(parents) != 1 or PARENT in plain[end:] or _is_in_other_file(plain[start:end])):
        return None
    body = plain[:start] + plain[end:] if start >= 0 else plain
    rest = _without_others(body)
    own, found, modules = (_stripped(kind.findall(text)) for kind, text in ((NAME, rest), (NAME, body), (MODULE, body)))
    texts = (*own, *found, *parents, *modules)
    is_plain = b"&" not in plain and b"${" not in plain
    if not all(texts) or not (is_plain or OWN.issuperset(text for text in texts if b"$" in text or b"&" in text)):
        return None
    has_name = bool(own) and OWN.isdisjoint(own) and (start >= 0 or b"<groupId" in rest)
    if not has_name or any(text.endswith(b".xml") for text in modules):
        return None
    # A pom that names itself once more does so for its heirs, or means one of the same name in another group.
    is_named_once = len(own) == 1 and found.count(own[0]) == 1 and (is_plain or OWN.isdisjoint(found))
    every = set(found).difference(OWN, own if is_named_once else ())
    return tuple(own), tuple(every), tuple(parents), tuple(modules)


def uses_of_names(names: Mapping[str, Names | None]) -> dict[str, int] | None:
    """Return for each pom how others name it; None where nobody can tell.

    Args:
        names: path -> the names in the pom.
    """
    named: set[bytes] = set()
    inherited: set[bytes] = set()
    modules: set[str] = set()
    for path, found in names.items():
        if found is None:
            return None
        named.update(found[1])
        inherited.update(found[2])
        folder = posixpath.dirname(path)
        modules.update(
            posixpath.normpath(posixpath.join(folder, text.decode("utf-8", "surrogateescape"), "pom.xml"))
            for text in found[3]
        )
    if not modules <= names.keys():
        # One that is not there, or in a place where no modules are looked for.
        return None
    return {
        path: NAMED * (not named.isdisjoint(found[0]))
        | INHERITED * (not inherited.isdisjoint(found[0]))
        | MODULE_OF * (path in modules)
        for path, found in names.items()
        if found
    }


def _stripped(texts: list[bytes]) -> list[bytes]:
    return [text.strip() for text in texts]


def _without_comments(content: bytes) -> bytes:
    """The text without its comments, in which XML allows no other one; what does not end is none."""
    first, *others = content.split(COMMENT)
    return first + b"".join(rest if end else text for text in others for _, end, rest in (text.partition(COMMENT_END),))


def _is_in_other_file(parent: bytes) -> bool:
    """Whether a parent lies in a file of another name."""
    _, found, path = parent.partition(b"<relativePath>")
    path = path.partition(b"<")[0].strip()
    return bool(found) and path.endswith(b".xml") and not path.endswith(b"pom.xml")


def _without_others(plain: bytes) -> bytes:
    for start, end in OF_OTHERS:
        while (place := plain.find(start)) >= 0 and (until := plain.find(end, place)) >= 0:
            plain = plain[:place] + plain[until + len(end) :]
    return plain


def _is_xml(content: bytes) -> bool:
    try:
        expat.ParserCreate().Parse(content, True)  # noqa: FBT003 - it has no name for it
    except (expat.ExpatError, ValueError, LookupError):
        return False
    return True
