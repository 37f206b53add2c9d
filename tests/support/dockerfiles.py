"""The cases of Dockerfiles and .dockerignores, and the folder that the latter are about."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cases import CASES

FILES = (
    "Dockerfile",
    ".dockerignore",
    ".env",
    ".env.local",
    ".git/HEAD",
    "README.md",
    "docs/a/b/guide.md",
    "node_modules/x/index.js",
    "node_modules/x/README.md",
    "pom.xml",
    "src/main/java/App.java",
    "src/main/resources/application.yml",
    "src/test/java/AppTest.java",
    "target/app-1.0.0.jar",
    "target/app-1.0.0.jar.original",
    "target/classes/App.class",
    "target/lib/one.jar",
    "target/lib/two.jar",
    "Target/other",
    "targets",
    "[x]/y",
    "a*b/c",
    "!odd",
    "#note",
    "설정/값.txt",
)
"""The files of the context in the cases of .dockerignore."""


def write_tree(folder: Path, files: tuple[str, ...]) -> Path:
    """Write files with their names as content, and two empty folders."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    (folder / "empty" / "inner").mkdir(parents=True)
    return folder


def recorded(folder: str) -> list[Any]:
    """All cases of a folder, as parameters of a test."""
    rows = [
        pytest.param(row, id=f"{path.stem}: {row['id']}")
        for path in sorted((CASES / folder).glob("*.json"))
        for row in json.loads(path.read_text(encoding="utf-8"))["cases"]
    ]
    assert rows, f"there are no cases in {CASES / folder}"
    return rows
