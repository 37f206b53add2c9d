"""`init`: write a commented erp-build.toml from what the repository holds."""

import os
from typing import TYPE_CHECKING

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions, option
from erp_build.errors import ConfigurationError, OutputFailed
from erp_build.model.project import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from erp_build.setup.draft import Draft
    from erp_build.setup.tree import Tree

EXAMPLES = """\
examples:
  erp-build init                      show the file; on a terminal it asks whether to write it
  erp-build init --write              write it without asking; a file that is there is never overwritten
  erp-build init --repo ../erp > x    look at it first

It reads poms, Dockerfiles, charts, values files and the scripts that deploy today. It runs nothing of the repository,
and of a values file it shows keys alone. A comment says where a line was read; what is not supported is said.
docs/init.md describes what it looks for.
"""

SHOWN = 20
"""Lines of what is not supported that an error lists."""


class Options(CommonOptions):
    """The options of `init`."""

    write: bool = option(
        "--write",
        "--yes",
        default=False,
        action="store_true",
        help=f"write {FILE_NAME} without asking",
    )


def main(options: Options, console: Console) -> None:
    """Show the file, and write it if that is wanted."""
    root = console.root
    path = root / FILE_NAME
    there = os.path.lexists(path)
    if options.config:
        raise ConfigurationError(
            "init takes no --config", where="the command line", next_step=f"it writes {FILE_NAME}; move it then"
        )
    if there and options.write:
        raise _is_there(path)
    text = _text(root)
    console.print(text.rstrip("\n"))
    if there:
        console.complain(f"{path} is there already and stays as it is")
    elif options.write or (console.can_ask and console.ask(f"\nWrite this to {path}?")):
        _write(path, text)
        console.complain(
            f"wrote {path}\nnext: read it and correct what is a guess; erp-build doctor --only files; commit it; "
            "erp-build plan --base HEAD~1"
        )
    elif not console.can_ask:
        console.complain(f"nothing was written; erp-build init --write writes it to {path}")


def _text(root: "Path") -> str:
    """The text of the file, which was read as a run reads it."""
    from erp_build.clients.git.repository import GitRepository
    from erp_build.clients.git.sources.listing import listed_files
    from erp_build.config.load import parse_project
    from erp_build.setup.file_text import file_text
    from erp_build.setup.make_draft import make_draft
    from erp_build.setup.tree import Tree

    if GitRepository(root).is_bare():
        raise ConfigurationError(
            "a bare repository has no files", where=str(root), next_step="git clone it, and call init in the clone"
        )
    tree = Tree(root, listed_files(root))
    draft = make_draft(tree)
    if not draft.targets:
        raise _found_nothing(tree, draft)
    text = file_text(draft)
    parse_project(text)
    return text


def _found_nothing(tree: "Tree", draft: "Draft") -> ConfigurationError:
    lines = draft.unsupported[:SHOWN]
    more = len(draft.unsupported) - len(lines)
    looked = f"looked at {len(tree.paths)} files; {len(tree.pom_folders)} of them are a pom.xml"
    return ConfigurationError(
        "there is nothing here that erp_build can build",
        where=str(tree.root),
        why="\n".join((looked, *lines, *([f"and {more} more"] if more else []))),
        next_step="a service is a folder with a Dockerfile, and mostly a pom.xml that makes a jar: docs/init.md",
    )


def _is_there(path: "Path") -> ConfigurationError:
    return ConfigurationError(
        f"{FILE_NAME} is there already",
        where=str(path),
        why="init overwrites nothing",
        next_step="erp-build init without --write shows what it would write; or move the file away",
    )


def _write(path: "Path", text: str) -> None:
    try:
        # `x`: what has appeared there in the meantime stays, a link that leads nowhere too.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise _is_there(path) from error
    except OSError as error:
        raise OutputFailed(
            f"{FILE_NAME} cannot be written", where=str(path), why=str(error), next_step="check the folder's rights"
        ) from error
