"""Whatever is done to a checkout: its target has the clean tree's key exactly when its files are those of the tree."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_build.changes.target_keys import target_keys
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import load_project
from tests.support.git import Checkout
from tests.support.samples import NOTIFICATION

N = "backend/notification-service"
PLACES = (N, "backend/proto", ".mvn", "backend/.mvn", ".gitattributes", "backend/.gitattributes")
PATHS = st.sampled_from([
    f"{N}/pom.xml", f"{N}/src/App.java", f"{N}/src/main/resources/application-local.yml", f"{N}/target/app.jar",
    f"{N}/src/target/A.java", f"{N}/target", f"{N}/src", "backend/proto/a.proto", "backend/proto/b.proto",
    "backend/employee-service/pom.xml", "README.md", "notes.txt", ".mvn/maven.config", ".gitattributes",
    "docs/.gitattributes", f'{N}/설계 "a"\n.md',
])  # fmt: skip
CONTENTS = st.sampled_from(["<project>notification-service</project>\n", "p\n", "class App { /* x */ }\n", ""])
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PATHS, CONTENTS),
        st.tuples(st.just("remove"), PATHS),
        st.tuples(st.just("mode"), PATHS, st.sampled_from([0o644, 0o755, 0o600, 0o711])),
        st.tuples(st.just("link"), PATHS, st.sampled_from(["App.java", "/etc/hostname", ".."])),
        st.tuples(st.just("move"), PATHS, PATHS),
    ),
    max_size=4,
)


def edit(root: Path, verb: str, path: str, *more: Any) -> None:
    """Do it where it can be done."""
    place = root / path
    try:
        match verb:
            case "write":
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(more[0], encoding="utf-8")
            case "remove":
                shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
            case "mode":
                if place.is_file():
                    place.chmod(more[0])
            case "link":
                place.symlink_to(more[0])
            case "move":
                place.rename(root / more[0])
    except OSError:
        return


def lying(root: Path) -> dict[str, tuple[str, bool]]:
    """Path -> content and executable bit of every input on the disk, found the obvious way."""
    return {str(path.relative_to(root)): _looked_at(path) for place in PLACES for path in _files(root / place)}


def _files(place: Path) -> Iterator[Path]:
    if place.is_symlink() or place.is_file():
        yield place
    elif place.is_dir():
        for inner in place.iterdir():
            if not (inner.name == "target" and inner.is_dir() and not inner.is_symlink() and _has(place, "pom.xml")):
                yield from _files(inner)


def _has(folder: Path, name: str) -> bool:
    return name in {path.name for path in folder.iterdir()}


def _looked_at(path: Path) -> tuple[str, bool]:
    if path.is_symlink():
        return f"-> {os.readlink(path)}", False  # noqa: PTH115 - as it is written
    return path.read_text(encoding="utf-8"), bool(path.stat().st_mode & 0o100)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_a_key_is_the_clean_trees_exactly_when_the_files_are(erp: Checkout, tmp_path: Path, edits: list[Any]) -> None:
    project = load_project(erp.root)
    targets = [target for target in project.targets if target.name == NOTIFICATION]
    folder = tmp_path / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(erp.root, folder, symlinks=True)
    clean = target_keys(GitRepository(erp.root), project, "HEAD", targets)[NOTIFICATION]
    for one in edits:
        edit(folder, *one)
    found = target_keys(GitRepository(folder), project, "HEAD", targets)[NOTIFICATION]
    assert clean.key
    assert found.key == (clean.key if lying(folder) == lying(erp.root) else "")
    assert bool(found.doubts) == found.is_dirty == (found.key == "")
