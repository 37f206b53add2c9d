"""`explain`: which targets own a path, and by which rule."""

from erp_build.changes.rules import CONFIGURATION, Rules, ignore_of
from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions, flag, option
from erp_build.errors import nearest
from erp_build.formats.printable import one_line, printable
from erp_build.model.project import Project

EXAMPLES = """\
examples:
  erp-build explain backend/proto/approval.proto
  erp-build explain $(git diff --name-only HEAD~1)
"""


class Options(CommonOptions):
    """The arguments of `explain`."""

    paths: list[str] = option("paths", metavar="PATH", nargs="+", help="a path from the repository's root")
    json: bool = flag("--json", "print it as JSON")


def main(options: Options, console: Console) -> None:
    """Print each path with the targets that own it."""
    project = console.project()
    rules = Rules(project, ignore_of(project))
    owners = {path: rules.owners(path.strip("/")) for path in options.paths}
    rows = [{"path": path, "owners": found, "ignored": rules.is_ignored(path)} for path, found in owners.items()]
    texts = [f"{one_line(path)}\n{_text(project, rules, path, found)}" for path, found in owners.items()]
    console.show({"schema": 1, "paths": rows}, printable("\n".join(texts)), as_json=options.json)


def _text(project: Project, rules: Rules, path: str, owners: dict[str, str]) -> str:
    if not owners and rules.is_ignored(path):
        return "  is ignored"
    if not owners:
        return f"  belongs to no target: a change builds nothing{_hint(project, path)}"
    lines = []
    for name, rule in owners.items():
        effect = "redeploys every EKS service" if name == project.chart.name else "builds it"
        what = "a change of how its image is made" if rule.startswith(CONFIGURATION) else "a change"
        lines.append(f"  -> {rule} -> {name}: {what} {effect}")
    return "\n".join(lines)


def _hint(project: Project, path: str) -> str:
    """The directory of a target that a misspelled path may mean, as a question."""
    directories = {target.path.rpartition("/")[2]: target.path for target in project.targets}
    near = next(filter(None, (nearest(part, directories) for part in path.split("/"))), "")
    return f"; did you mean `{directories[near]}`?" if near else ""
