"""The machine's Go: asked, and run with a sign of life while it compiles."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError

HEARTBEAT = 30
"""Seconds between two signs of life of a compilation."""

_CHILDREN: list[subprocess.Popen[bytes]] = []


def stop_compiling() -> None:
    """End a compilation that another thread waits for."""
    for child in tuple(_CHILDREN):
        child.kill()


def announce(programs: int, seconds: int) -> None:
    """Say what will be compiled and how long that takes; raises `SandboxError` where there is no Go."""
    if shutil.which("go") is None:
        raise SandboxError(
            "the sandbox's programs are compiled with Go, and there is no `go`. Install Go 1.24 or later."
        )
    minutes = max(1, round(seconds / 60))
    print(f"  programs to compile: {programs}, about {minutes} min the first time", flush=True)


def ask(*arguments: str) -> Any:
    """What Go answers in JSON."""
    # Outside any module, because the question is about a published one.
    answer = subprocess.run(["go", *arguments], cwd=tempfile.gettempdir(), capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise SandboxError(f"`go {' '.join(arguments)}` failed:\n{answer.stderr or answer.stdout}")
    return json.loads(answer.stdout)


def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
    """Run Go and show a sign of life while it works; its own words only when it fails.

    Args:
        arguments: of `go`.
        cwd: where.
        env: variables beside those of this process.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as words:
        # It gives way to what a person waits for: the demo deploys meanwhile.
        child = subprocess.Popen(
            ["nice", "go", *arguments], cwd=cwd, env={**os.environ, **(env or {})}, stdout=words, stderr=words
        )
        _CHILDREN.append(child)
        try:
            while child.poll() is None:
                try:
                    child.wait(HEARTBEAT)
                except subprocess.TimeoutExpired:
                    print(f"    ... {time.monotonic() - started:.0f} s", flush=True)
        except BaseException:
            child.kill()
            raise
        finally:
            _CHILDREN.remove(child)
        if child.returncode != 0:
            words.seek(0)
            raise SandboxError(f"`go {arguments[0]}` failed in {cwd}:\n{words.read()[-4000:]}")


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say what begins, and how long it took when it is done."""
    started = time.monotonic()
    print(f"  {what} ...", flush=True)
    yield
    print(f"  {what}: {time.monotonic() - started:.0f} s", flush=True)
