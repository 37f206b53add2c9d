"""Random trees and edits, and the one process that makes commits of them."""

import os
import subprocess
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.support.git import IDENTITY

File = tuple[str, str]
"""Mode and content."""

Files = dict[bytes, File]

KOREAN = "알림"
DECOMPOSED = unicodedata.normalize("NFD", KOREAN)
FOLDERS = [
    b"",
    b"backend",
    b"backend/a",
    b"backend/a/inner",
    b"backend/a/inner/src",
    b"backend/a-v2",
    b"backend/A",
    b"a",
    f"backend/{KOREAN}".encode(),
    f"backend/{DECOMPOSED}".encode(),
    b"backend/two words",
    b"proto",
    b"proto/v1",
    b"common",
    b"helm-chart",
    b"helm-chart/templates",
    b"docs",
    b"backend/a/docs",
    b"line\nfeed",
]
NAMES = [
    b"A.java",
    b"build.xml",  # no pom: Maven's graph has tests of its own
    b"erp-build.toml",
    b"read me.md",
    b'"quoted"',
    b"line\nfeed",
    b"tab\there",
    b"back\\slash",
    b"-rf",
    b":(top)x",
    b"\xb0\xa1.java",
    KOREAN.encode(),
    DECOMPOSED.encode(),
    b"a",
    b"inner",
    b"proto",
    b"docs",
]
MODES = ["100644", "100644", "100755", "120000", "160000"]

PATHS = st.builds(lambda folder, name: b"/".join(filter(None, (folder, name))), *map(st.sampled_from, (FOLDERS, NAMES)))
CONTENTS = ["one", "two", "../a/A.java"]
GITLINKS = {content: digit * 40 for content, digit in zip(CONTENTS, (b"1", b"2", b"3"), strict=True)}
FILES = st.tuples(st.sampled_from(MODES), st.sampled_from(CONTENTS))
PLACES = st.integers(0, 30)
EDITS = st.one_of(
    st.tuples(st.just("write"), PATHS, FILES),
    st.tuples(st.just("delete"), PLACES),
    st.tuples(st.just("mode"), PLACES, st.sampled_from(MODES)),
    st.tuples(st.just("move"), PLACES, PATHS),
    st.tuples(st.just("delete folder"), st.sampled_from(FOLDERS[2:])),
    st.tuples(st.just("move folder"), st.sampled_from(FOLDERS[2:]), st.sampled_from(FOLDERS[2:])),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Files]:
    """A few trees, each made from the one before it by a few edits."""
    files: Files = {}
    for path, file in draw(st.lists(st.tuples(PATHS, FILES), max_size=10)):
        _write(files, path, file)
    trees = [dict(files)]
    for edits in draw(st.lists(st.lists(EDITS, max_size=5), min_size=1, max_size=2)):
        for edit in edits:
            _apply(files, edit)
        trees.append(dict(files))
    return trees


def _apply(files: Files, edit: tuple[Any, ...]) -> None:
    kind, *values = edit
    if kind == "write":
        _write(files, *values)
    elif kind == "delete folder":
        for path in [path for path in files if path.startswith(values[0] + b"/")]:
            del files[path]
    elif kind == "move folder":
        old, new = values
        for path in [path for path in files if path.startswith(old + b"/")]:
            _write(files, new + path[len(old) :], files.pop(path, ("100644", "one")))
    elif files:
        path = sorted(files)[values[0] % len(files)]
        mode, content = files.pop(path)
        if kind == "mode":
            files[path] = (values[1], content)
        elif kind == "move":
            _write(files, values[1], (mode, content))


def _write(files: Files, path: bytes, file: File) -> None:
    """Put a file where it can be: what was a file above it, or lay below it, makes room."""
    for other in [other for other in files if path.startswith(other + b"/") or other.startswith(path + b"/")]:
        del files[other]
    files[path] = file


def commit_trees(root: Path, trees: Sequence[Files]) -> list[str]:
    """Commit trees one after the other, by one process; returns the commits."""
    lines: list[bytes] = []
    for place, files in enumerate(trees, 1):
        lines += [b"commit refs/heads/trees", f"mark :{place}".encode(), b"committer T <t@example.invalid> 1 +0000"]
        lines += [b"data 1", b"m", *([f"from :{place - 1}".encode()] if place > 1 else []), b"deleteall"]
        for path, (mode, content) in files.items():
            quoted = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
            if mode == "160000":
                lines.append(b"M 160000 %s %s" % (GITLINKS[content], quoted))
            else:
                lines.append(b"M %s inline %s\ndata %d\n%s" % (mode.encode(), quoted, len(content), content.encode()))
        lines.append(f"get-mark :{place}".encode())
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(root), "fast-import", "--quiet", "--force"],
        input=b"\n".join(lines) + b"\n",
        env={**inherited, **IDENTITY},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("ascii").split()
