"""The states of a checkout that tests/cases/checkout_keys.json lists, made with real Git."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.support.git import Checkout

LOCAL = ("-c", "protocol.file.allow=always")
"""Lets Git take a submodule from a folder of this machine."""


def committed(checkout: Checkout, case: Mapping[str, Any], module: Path) -> str:
    """Commit what a case begins with, and check it out anew where the case says so; returns the commit."""
    if place := case.get("submodule"):
        Checkout.create(module, **{"A.java": "x\n"})
        checkout.git(*LOCAL, "submodule", "--quiet", "add", "--name", "module", str(module), place)
    for path, content in case.get("commit", {}).items():
        checkout.write(path, content)
    for path, leads_to in case.get("links", {}).items():
        (checkout.root / path).symlink_to(leads_to)
    if path := case.get("executable"):
        (checkout.root / path).chmod(0o755)
    head = checkout.commit()
    for path in case.get("fresh", ()):
        _fresh(checkout, path)
    return head


def fresh_clone(checkout: Checkout, case: Mapping[str, Any], folder: Path) -> Checkout:
    """What a clean checkout of the same commit has."""
    checkout.git(*LOCAL, "clone", "--quiet", "--recurse-submodules", f"file://{checkout.root}", str(folder))
    clone = Checkout(folder)
    for path, content in case.get("content", {}).items():
        clone.write(path, content)
    return clone


def disturbed(checkout: Checkout, case: Mapping[str, Any]) -> None:
    """Do to the checkout what a case says."""
    for verb, *words in case["do"]:
        DOINGS[verb](checkout, checkout.root / str(words[0]), *words)


def _fresh(checkout: Checkout, path: str) -> None:
    """Let Git write a file of the index anew, or all of them."""
    if path == "ALL":
        for name in checkout.git("ls-files").splitlines():
            (checkout.root / name).unlink(missing_ok=True)
        checkout.git("checkout", "--quiet", "--", ".")
        return
    (checkout.root / path).unlink()
    checkout.git("checkout", "--quiet", "--", path)


def without_git(checkout: Checkout, folder: Path) -> Path:
    """The files of a checkout as CodePipeline's zip has them."""
    shutil.copytree(checkout.root, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    return folder


DOINGS: Mapping[str, Callable[..., object]] = {
    "git": lambda checkout, _, *words: checkout.git(*words),
    "write": lambda checkout, _, path, content: checkout.write(path, content),
    "remove": lambda _, place, __: place.unlink(),
    "move": lambda checkout, place, _, to: place.rename(checkout.root / to),
    "link": lambda _, place, __, leads_to: place.symlink_to(leads_to),
    "pipe": lambda _, place, __: os.mkfifo(place),
    "mode": lambda _, place, __, mode: place.chmod(int(mode, 8)),
    "touch": lambda _, place, __: os.utime(place, (1, 1)),
    "repository": lambda _, place, __, files: Checkout.create(place, **files),
    "commit in": lambda _, place, __, files: Checkout(place).commit(files),
    "fresh": lambda checkout, _, path: _fresh(checkout, path),
}
"""Verb of a case -> what it does; it gets the checkout, the place of the first word, and all words."""
