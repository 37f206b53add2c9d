"""The tools that a plan is compared with, installed by npm into the cache, and asked what changed in a range."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bench.monorepo import CACHE, service_names

VERSIONS = {"pnpm": "12.21.0", "turbo": "2.11.11", "nx": "24.0.6"}
FOLDER = CACHE / "peers"
MODULES = FOLDER / "node_modules"

SHELL = """
CHANGED=$(git diff --name-only "$1" "$2")
for SERVICE in $(ls backend); do
  if echo "$CHANGED" | grep -q "backend/$SERVICE/"; then echo "$SERVICE"; fi
done
"""
"""The loop of the old buildspec."""


class Question(NamedTuple):
    """What a peer is asked: its command and its environment."""

    words: list[str]
    env: dict[str, str]


def install() -> None:
    """Install the peers, once per set of versions."""
    wanted = json.dumps({"name": "peers", "private": True, "dependencies": VERSIONS})
    package = FOLDER / "package.json"
    if package.exists() and package.read_text(encoding="utf-8") == wanted and (MODULES / "turbo").exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    package.write_text(wanted, encoding="utf-8")
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=FOLDER, check=True)


def questions(base: str, head: str) -> dict[str, Question]:
    """Every peer's question for a range."""
    plain = {**os.environ, "CI": "1", "DO_NOT_TRACK": "1", "TURBO_TELEMETRY_DISABLED": "1"}
    return {
        "git": Question(["git", "diff", "--name-only", base, head], plain),
        "pnpm": Question([str(MODULES / "pnpm/pnpm"), "ls", "--filter", f"[{base}]", "--json", "--depth=-1"], plain),
        "turbo": Question(
            [_turbo(), "ls", "--affected", "--output=json", "--dangerously-disable-package-manager-check"],
            {**plain, "TURBO_SCM_BASE": base, "TURBO_SCM_HEAD": head},
        ),
        "nx": Question(
            [*_node("nx/dist/bin/nx.js"), "show", "projects", "--affected", f"--base={base}", f"--head={head}"],
            {**plain, "NX_DAEMON": "true", "CI": ""},
        ),
        "shell": Question(["bash", "-c", SHELL, "buildspec", base, head], plain),
    }


def answer(name: str, question: Question, root: Path) -> set[str]:
    """The services that a peer names."""
    done = subprocess.run(question.words, cwd=root, env=question.env, capture_output=True, check=True)
    return _services(name, done.stdout.decode("utf-8", "replace"))


def _services(name: str, output: str) -> set[str]:
    known = set(service_names(9999))
    if name == "git":
        return {part for line in output.splitlines() for part in line.split("/") if part in known}
    if name == "pnpm":
        return {item["name"] for item in json.loads(output or "[]")} & known
    if name == "turbo":
        return {item["name"] for item in json.loads(output)["packages"]["items"]} & known
    return {line.strip() for line in output.splitlines()} & known


def link(root: Path) -> None:
    """Let nx find itself in a repository: it runs only as a package of the workspace."""
    modules = root / "node_modules"
    if not modules.exists():
        modules.symlink_to(MODULES, target_is_directory=True)


def stop_nx(root: Path) -> None:
    """End the daemon that nx leaves in a repository."""
    subprocess.run(
        [*_node("nx/dist/bin/nx.js"), "daemon", "--stop"], cwd=root, env=_quiet(), capture_output=True, check=False
    )


def _quiet() -> Mapping[str, str]:
    return {**os.environ, "DO_NOT_TRACK": "1"}


def _node(script: str) -> list[str]:
    return ["node", str(MODULES / script)]


def _turbo() -> str:
    """The binary itself; `turbo` of the package is a script that starts it."""
    found = sorted(MODULES.glob("turbo-linux-*/bin/turbo")) or sorted(MODULES.glob("@turbo/linux-*/bin/turbo"))
    return str(found[0])
