"""Synthetic monorepos with a history, made by `git fast-import`: the same commits every time.

The history has everything that detection must get right: Korean names, moves within and across services, deletions,
changes of mode alone, merges and octopus merges, shared inputs, the chart, and files of nobody.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

VERSION = 8
"""Of this generator; another one makes other repositories, in other folders."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "erp-build-bench"
SIZES = {"S": (4, 107), "M": (200, 101), "L": (2000, 100)}
"""Name -> services, files per service."""

COMMITS = 250
WRAPPER = "#!/bin/sh\n"
FEWEST = 5
"""Files that a service keeps, so that there is always something to edit."""

START = 1_736_121_600

Fixed = Callable[[list[str]], Iterator[tuple[str, str]]]


@dataclass
class State:
    """What the newest commit holds, as far as the generator needs it: service -> its files."""

    files: dict[str, list[str]]
    random: random.Random
    mark: int = 0
    made: int = 0
    executable: set[str] = field(default_factory=set)

    def new_path(self, service: str) -> str:
        """A path that was never used; every fifth one is Korean in folder and name, with a space."""
        self.made += 1
        folder = f"backend/{service}/src/main"
        if self.made % 5 == 0:
            return f"{folder}/resources/결재 문서/전자 결재 {self.made}.md"
        return f"{folder}/java/com/erp/C{self.made}.java"

    def service(self) -> str:
        """Any service that still has files to lose."""
        return self.random.choice(
            [name for name, files in self.files.items() if len(files) > FEWEST] or list(self.files)
        )


def repository(size: str) -> Path:
    """The repository of a size, made when it is not in the cache yet, with its work tree."""
    services, files = SIZES[size]
    return made(f"{size}-{VERSION}", lambda root: generate(root, services, files, COMMITS))


def made(name: str, make: Callable[[Path], object]) -> Path:
    """A repository of the cache, made when it is not there yet."""
    folder = CACHE / name
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder / "repo")
        (folder / "ready").touch()
    return folder / "repo"


def generate(root: Path, services: int, files: int, commits: int, seed: int = 1, fixed: Fixed | None = None) -> Path:
    """Make a repository with a first commit of `services` times `files` files, and `commits` more on top.

    Args:
        root: where it is made.
        services: their number.
        files: of each.
        commits: after the first one.
        seed: of the edits.
        fixed: returns the files that are always there, path and text, for the names of the services.
    """
    git(root.parent, "init", "--quiet", "--initial-branch=main", str(root))
    with subprocess.Popen(["git", "-C", str(root), "fast-import", "--quiet"], stdin=subprocess.PIPE) as importing:
        assert importing.stdin is not None
        for chunk in _stream(services, files, commits, seed, fixed or _fixed_files):
            importing.stdin.write(chunk)
        importing.stdin.close()
    if importing.returncode:
        raise RuntimeError(f"git fast-import failed in {root}")
    git(root, "reset", "--quiet", "--hard")
    return root


def git(folder: Path, *words: str) -> str:
    """Run git and return what it prints."""
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def first_parents(root: Path) -> list[str]:
    """The commits of main along first parents, the newest first."""
    return git(root, "rev-list", "--first-parent", "HEAD").split()


def service_names(number: int) -> list[str]:
    """The names of the services; the last one runs on Lambda."""
    return [f"svc-{place:04}-service" for place in range(number)]


def _stream(services: int, files: int, commits: int, seed: int, fixed: Fixed) -> Iterator[bytes]:
    names = service_names(services)
    state = State({name: [] for name in names}, random.Random(seed))
    yield _commit(state, "main", "first")
    for path, text in fixed(names):
        yield _file(path, text)
    for name in names:
        for _ in range(files - 3):
            path = state.new_path(name)
            state.files[name].append(path)
            yield _file(path, f"// {path}\n")
    for number in range(commits):
        yield from _change(state, number)


def _fixed_files(names: list[str]) -> Iterator[tuple[str, str]]:
    """The configurations of ours and of the peers, and what makes a folder a package."""
    *services, function = names
    tables = "".join(f'[[service]]\npath = "backend/{name}"\n' for name in services)
    tables += f'[[service]]\npath = "backend/{function}"\nkind = "lambda"\nfunction = "erp-dev-{function}"\n'
    yield "erp-build.toml", f'shared = ["backend/proto/**"]\n{tables}[chart]\npath = "helm-chart"\n'
    yield "backend/proto/approval.proto", 'syntax = "proto3";\n'
    yield "helm-chart/values-dev.yaml", "replicaCount: 2\n"
    yield "docs/안내.md", "docs\n"
    yield "package.json", '{"name":"erp","private":true,"workspaces":["backend/*"]}\n'
    yield "pnpm-workspace.yaml", "packages:\n  - 'backend/*-service'\n"
    yield "pnpm-lock.yaml", "lockfileVersion: '9.0'\n"
    yield "turbo.json", '{"tasks":{"build":{}}}\n'
    yield (
        "nx.json",
        '{"defaultBase":"main","neverConnectToCloud":true,"pluginsConfig":{"@nx/js":{"analyzeLockfile":false}}}\n',
    )
    yield ".gitignore", "node_modules\n.nx\n.turbo\n"
    for name in names:
        yield f"backend/{name}/package.json", f'{{"name":"{name}","version":"1.0.0","scripts":{{"build":"true"}}}}\n'
        yield f"backend/{name}/mvnw", WRAPPER
        yield f"backend/{name}/pom.xml", f"<project><artifactId>{name}</artifactId></project>\n"


def _change(state: State, number: int) -> Iterator[bytes]:
    """One first-parent commit of a random kind."""
    kind = state.random.choices(list(KINDS), weights=[weight for _, weight in KINDS.values()])[0]
    if kind in ("merge", "octopus"):
        yield from _merge(state, number, 1 if kind == "merge" else 2)
        return
    yield _commit(state, "main", f"{number}: {kind}")
    yield from KINDS[kind][0](state)


def _edit(state: State) -> Iterator[bytes]:
    for service in sorted({state.service() for _ in range(state.random.randint(1, 3))}):
        path = state.random.choice(state.files[service])
        yield _file(path, f"// edit {state.random.random()}\n")


def _add(state: State) -> Iterator[bytes]:
    service = state.service()
    path = state.new_path(service)
    state.files[service].append(path)
    yield _file(path, "// new\n")


def _delete(state: State) -> Iterator[bytes]:
    service = state.service()
    path = state.files[service].pop(state.random.randrange(len(state.files[service])))
    yield f"D {_quoted(path)}\n".encode()


def _move_within(state: State) -> Iterator[bytes]:
    service = state.service()
    yield from _move(state, service, service)


def _move_across(state: State) -> Iterator[bytes]:
    yield from _move(state, state.service(), state.service())


def _move(state: State, source: str, target: str) -> Iterator[bytes]:
    old = state.files[source].pop(state.random.randrange(len(state.files[source])))
    new = state.new_path(target)
    state.files[target].append(new)
    yield f"R {_quoted(old)} {_quoted(new)}\n".encode()


def _mode(state: State) -> Iterator[bytes]:
    """Change the mode of a file and nothing else; every service has such a script from the beginning."""
    service = state.service()
    state.executable ^= {service}
    yield _file(f"backend/{service}/mvnw", WRAPPER, "100755" if service in state.executable else "100644")


def _delete_folder(state: State) -> Iterator[bytes]:
    """Delete the Korean folder of a service, with everything in it."""
    service = state.service()
    folder = f"backend/{service}/src/main/resources/결재 문서"
    state.files[service] = [path for path in state.files[service] if not path.startswith(f"{folder}/")]
    yield f"D {_quoted(folder)}\n".encode()


def _shared(state: State) -> Iterator[bytes]:
    yield _file("backend/proto/approval.proto", f"// {state.random.random()}\n")


def _chart(state: State) -> Iterator[bytes]:
    yield _file("helm-chart/values-dev.yaml", f"replicaCount: {state.random.randint(2, 9)}\n")


def _nobody(state: State) -> Iterator[bytes]:
    yield _file("docs/안내.md", f"{state.random.random()}\n")


KINDS = {
    "edit": (_edit, 55),
    "add": (_add, 8),
    "delete": (_delete, 6),
    "move within": (_move_within, 6),
    "move across": (_move_across, 6),
    "delete folder": (_delete_folder, 2),
    "mode": (_mode, 3),
    "shared": (_shared, 2),
    "chart": (_chart, 3),
    "nobody": (_nobody, 5),
    "merge": (_edit, 5),
    "octopus": (_edit, 1),
}
"""Kind of a commit -> what it does, and how often of a hundred."""


def _merge(state: State, number: int, sides: int) -> Iterator[bytes]:
    """Side branches with an edit each, then a merge that also edits something itself."""
    base, marks = state.mark, []
    edits = []
    for side in range(sides):
        edit = list(_edit(state))
        edits += edit
        yield _commit(state, f"side-{number}-{side}", f"{number}: side {side}", base)
        yield from edit
        marks.append(state.mark)
    yield _commit(state, "main", f"{number}: merge", base, *marks)
    yield from edits
    yield from _edit(state)


def _commit(state: State, branch: str, message: str, *parents: int) -> bytes:
    state.mark += 1
    text = message.encode()
    lines = [
        f"commit refs/heads/{branch}",
        f"mark :{state.mark}",
        f"committer Bench <bench@erp.example> {START + state.mark * 60} +0900",
        f"data {len(text)}",
    ]
    links = [f"{'from' if place == 0 else 'merge'} :{parent}" for place, parent in enumerate(parents)]
    return "\n".join(lines).encode() + b"\n" + text + b"\n" + "".join(f"{link}\n" for link in links).encode()


def _file(path: str, text: str, mode: str = "100644") -> bytes:
    content = text.encode()
    return f"M {mode} inline {_quoted(path)}\ndata {len(content)}\n".encode() + content + b"\n"


def _quoted(path: str) -> str:
    return f'"{path}"'
