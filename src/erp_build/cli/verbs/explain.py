"""`explain`: which targets own a path, and by which rule."""

import os
import sys

from erp_build.changes.build_context.at_commit import rules_at
from erp_build.changes.modules.checkout import graphs_as_they_lie
from erp_build.changes.modules.uses import ModuleUses
from erp_build.changes.rules import CONFIGURATION, Rules
from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions, flag, option
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ConfigurationError, nearest
from erp_build.formats.given_path import Place, path_from_root
from erp_build.formats.printable import one_line, printable
from erp_build.model.project import Project

EXAMPLES = """\
examples:
  erp-build explain backend/proto/approval.proto
  erp-build explain $(git diff --name-only HEAD~1)
  git diff -z --name-only HEAD~1 | erp-build explain -z -

A path is one of the current folder, or from the repository's root; `-` reads paths from the root, a line each.
"""

STDIN = "-"


class Options(CommonOptions):
    """The arguments of `explain`."""

    paths: list[str] = option("paths", metavar="PATH", nargs="+", help="a path of the repository, or - for stdin")
    z: bool = flag("-z", "the paths of stdin end with NUL, as those of `git diff -z`")
    json: bool = flag("--json", "print it as JSON")


def main(options: Options, console: Console) -> None:
    """Print each path with the targets that own it."""
    project = console.project()
    repository = GitRepository(console.folder)
    rules = rules_at(repository, project, "HEAD")
    rules.modules = ModuleUses(graphs_as_they_lie(repository), project.image_targets)
    owners = {path: rules.owners(path.strip("/")) for path in _paths(options, console.folder)}
    rows = [{"path": path, "owners": found, "ignored": rules.is_ignored(path)} for path, found in owners.items()]
    texts = [f"{one_line(path)}\n{_text(project, rules, path, found)}" for path, found in owners.items()]
    console.show({"schema": 1, "paths": rows}, printable("\n".join(texts)), as_json=options.json)


def _paths(options: Options, root: str) -> list[str]:
    """The paths from the root that the arguments name, then those of stdin."""
    place = Place(root, os.path.realpath("."), os.path.lexists)
    found = [_path(text, place) for text in options.paths if text != STDIN]
    if STDIN in options.paths:
        read = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        lines = read.split("\0") if options.z else read.splitlines()
        found += [_path(line, place._replace(folder=root)) for line in lines if line]
    elif options.z:
        raise ConfigurationError("-z without -", where="the command line", next_step="erp-build explain -z - < FILE")
    return found


def _path(text: str, place: Place) -> str:
    path = path_from_root(text, place)
    if not path:
        raise ConfigurationError(
            "a path is none of the repository",
            where=one_line(text),
            why=f"the repository is {place.root}, the current folder {place.folder}",
            next_step="give a path below the root",
        )
    # One from the root with slashes at its ends is shown as it was written.
    return text if text.strip("/") == path else path


def _text(project: Project, rules: Rules, path: str, owners: dict[str, str]) -> str:
    if not owners and rules.is_ignored(path):
        return "  is ignored"
    if not owners:
        return f"  belongs to no target: a change builds nothing{_hint(project, path)}"
    lines = []
    for name, rule in owners.items():
        effect = "redeploys every EKS service" if name in {chart.name for chart in project.charts} else "builds it"
        what = "a change of how its image is made" if rule.startswith(CONFIGURATION) else "a change"
        lines.append(f"  -> {rule} -> {name}: {what} {effect}")
    return "\n".join(lines)


def _hint(project: Project, path: str) -> str:
    """The directory of a target that a misspelled path may mean, as a question."""
    directories = {target.path.rpartition("/")[2]: target.path for target in project.targets}
    near = next(filter(None, (nearest(part, directories) for part in path.split("/"))), "")
    return f"; did you mean `{directories[near]}`?" if near else ""
