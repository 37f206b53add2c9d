"""Writes the completion of bash, zsh and fish from the options of all verbs: `python -m scripts.completion`."""

import argparse
from pathlib import Path

import shtab

from erp_build.cli import app as cli
from erp_build.cli.verbs.completion import SHELLS

FOLDER = Path(__file__).resolve().parent.parent / "src" / "erp_build" / "completion"
FILES = {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
"""What an option's value is called in the help -> how a shell completes it."""


def script(shell: str) -> str:
    """The script for a shell."""
    return shtab.complete(whole_parser(), shell=shell).rstrip() + "\n"


def whole_parser() -> argparse.ArgumentParser:
    """All verbs in one parser, as the command line itself never makes it."""
    whole = argparse.ArgumentParser(prog="erp-build", description="Builds, scans, deploys and proves what changed.")
    whole.add_argument("--version", action="version", version="", help="show the version")
    verbs = whole.add_subparsers(dest="verb")
    for verb, meaning in cli.VERBS.items():
        parser = cli.parser_of(verb, cli.verb_named(verb))
        added = verbs.add_parser(verb, help=meaning, parents=[parser], add_help=False, allow_abbrev=False)
        for action in added._actions:  # noqa: SLF001 - argparse has no other list of them
            if isinstance(action.metavar, str) and action.metavar in FILES:
                action.complete = FILES[action.metavar]  # type: ignore[attr-defined] # shtab's own attribute
    return whole


def main() -> None:
    """Write the three files."""
    FOLDER.mkdir(exist_ok=True)
    for shell, name in SHELLS.items():
        (FOLDER / name).write_text(script(shell), encoding="utf-8")


if __name__ == "__main__":
    main()
