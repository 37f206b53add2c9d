"""What Git's attributes of a file do to its content between the commit and the checkout."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping

from erp_build.clients.git.command import git_environment, run_git
from erp_build.errors import ErpBuildError

ASKED = ("text", "eol", "filter", "ident", "working-tree-encoding")
OFF = ("unspecified", "unset")
LFS_HEADER = b"version https://git-lfs.github.com/spec/v1\n"
"""The first line of what Git LFS commits in place of a file (its specification, "The pointer")."""

LFS_POINTER_SIZE = 1024
"""Bytes that a pointer has at most, by the same specification."""

LONE_LINE_FEED = re.compile(rb"(?<!\r)\n")

Attributes = Mapping[str, str]
"""Name of an attribute -> its value: `set`, `unset`, `unspecified` or a word."""


def attributes_of(root: str, paths: Iterable[str]) -> dict[str, Attributes]:
    """The attributes of files by the `.gitattributes` of the checkout alone.

    The repository's own `info/attributes`, and those of the user and the machine, play no part: another checkout of
    the same commit does not have them. So Git is given an empty repository of ours with the checkout as its work tree.
    """
    asked = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
    with tempfile.TemporaryDirectory(prefix="erp-build-git-") as folder:
        for name in ("objects", "refs"):
            os.mkdir(os.path.join(folder, name))
        with open(os.path.join(folder, "HEAD"), "w", encoding="ascii") as file:
            file.write("ref: refs/heads/none\n")
        words = ["-c", f"core.attributesFile={os.devnull}", "check-attr", "-z", "--stdin", *ASKED]
        words = ["-C", root, f"--git-dir={folder}", f"--work-tree={root}", *words]
        code, output, error = run_git(words, root, {**git_environment(root), "GIT_ATTR_NOSYSTEM": "1"}, asked)
    if code:
        raise ErpBuildError("git cannot read the attributes", where=root, why=error.decode("utf-8", "replace"))
    found: dict[str, dict[str, str]] = {}
    words_of = output.decode("utf-8", "surrogateescape").split("\0")
    for path, name, value in zip(words_of[::3], words_of[1::3], words_of[2::3], strict=False):
        found.setdefault(path, {})[name] = value
    return dict(found)


def doubt_of(identifier: str, content: bytes, attributes: Attributes) -> tuple[str, bool]:
    """Why a clean checkout may not have this content, and whether it surely has another; empty if it has this one.

    Args:
        identifier: of the blob in the commit.
        content: what lies in the checkout.
        attributes: of the file.
    """
    filter_name = attributes.get("filter", OFF[0])
    if filter_name == "lfs":
        return _doubt_of_large_file(identifier, content)
    if filter_name not in OFF:
        return f"goes through the filter {filter_name}, and the commit does not say what it makes", False
    if attributes.get("working-tree-encoding", OFF[0]) not in OFF:
        return "is in another encoding than in the commit", False
    if attributes.get("ident", OFF[0]) not in OFF and b"$Id" in content:
        return "has an $Id$ that each checkout writes anew", False
    return _doubt_of_line_ends(identifier, content, attributes)


def blob_identifier(content: bytes, like: str = "") -> str:
    """The id that Git gives a file's content: SHA-1, or SHA-256 where the id `like` which it is compared is one."""
    algorithm = hashlib.sha256 if len(like) == hashlib.sha256().digest_size * 2 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def is_pointer(content: bytes) -> bool:
    """Whether this is what Git LFS commits in place of a file."""
    return len(content) <= LFS_POINTER_SIZE and content.startswith(LFS_HEADER)


def _doubt_of_large_file(identifier: str, content: bytes) -> tuple[str, bool]:
    if is_pointer(content):
        return "is a pointer of Git LFS, whose content was not fetched", True
    pointer = b"%soid sha256:%s\nsize %d\n" % (LFS_HEADER, hashlib.sha256(content).hexdigest().encode(), len(content))
    # A file that was committed before LFS tracked it is no pointer.
    same = identifier in (blob_identifier(pointer, identifier), blob_identifier(content, identifier))
    return ("", False) if same else ("is not the file that its pointer of Git LFS names", True)


def _doubt_of_line_ends(identifier: str, content: bytes, attributes: Attributes) -> tuple[str, bool]:
    """Compare the content with the blob, whose line ends become CRLF where the attributes say so (gitattributes)."""
    plain = content.replace(b"\r\n", b"\n")
    if identifier == blob_identifier(content, identifier):
        committed = content
    elif identifier == blob_identifier(plain, identifier):
        committed = plain
    else:
        return "is not as the commit has it", True
    text, eol = attributes.get("text", OFF[0]), attributes.get("eol", OFF[0])
    expected = _with_crlf(committed, guess=text == "auto") if eol == "crlf" and text != "unset" else committed
    return ("", False) if content == expected else ("has other line ends than a clean checkout", False)


def _with_crlf(committed: bytes, *, guess: bool) -> bytes:
    """What Git writes for a blob with `eol=crlf`; with `text=auto` it leaves alone what has a CR or looks binary."""
    if guess and (b"\r" in committed or b"\0" in committed):
        return committed
    return LONE_LINE_FEED.sub(b"\r\n", committed)
