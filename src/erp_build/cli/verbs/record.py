"""`record`: save a diff of your history as a case for your tests."""

import json
from pathlib import Path

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions, file_option, option
from erp_build.clients.files.atomic import write_file
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ConfigurationError
from erp_build.testing import record_diff

FOLDER = Path("tests/cases/diffs")

EXAMPLES = """\
examples:
  erp-build record HEAD~1..HEAD
  erp-build record v1.3..v1.4 --about "the release that moved the proto files" --out tests/cases/diffs/v1.4.json

Check the file, correct what the rules should have said, and commit it. docs/baselines.md shows the test.
"""


class Options(CommonOptions):
    """The arguments of `record`."""

    range: str = option("range", metavar="A..B", help="two revisions; their trees are compared")
    about: str = option("--about", default="", metavar="TEXT", help="what the case is about (default: the commits)")
    out: Path | None = file_option("--out", f"default: {FOLDER}/A-B.json in the repository")


def main(options: Options, console: Console) -> None:
    """Write the case and print its path."""
    repository = GitRepository(console.root)
    base, head = _ends(repository, options.range)
    name = f"{base[:7]}-{head[:7]}"
    path: Path = options.out or console.root / FOLDER / f"{name}.json"
    changed = [change.path for change in repository.changed_paths(base, head)]
    case = record_diff(console.project(), changed, name=path.stem, about=options.about or f"{base[:12]}..{head[:12]}")
    text = json.dumps(case.document(), ensure_ascii=False, indent=2) + "\n"
    content = text.encode("utf-8", "backslashreplace")
    _keep_corrections(path, content)
    write_file(path, content, "the case")
    console.print(str(path))


def _keep_corrections(path: Path, content: bytes) -> None:
    """Raise `ConfigurationError` where the file is there with other content: somebody may have corrected it."""
    try:
        if not path.exists() or path.read_bytes() == content:
            return
        why = "it says something else than the rules say now; it may have been corrected by hand"
    except OSError as error:
        why = str(error)
    raise ConfigurationError(
        "the case is there already, and is left as it is",
        where=str(path),
        why=why,
        next_step="write it elsewhere with --out and compare the two, or remove the file first",
    )


def _ends(repository: GitRepository, range_: str) -> tuple[str, str]:
    first, dots, last = range_.partition("..")
    base, head = repository.resolve(first or "HEAD"), repository.resolve(last or "HEAD")
    if not dots or last.startswith(".") or base is None or head is None:
        raise ConfigurationError(
            "the range names no two commits",
            where=range_,
            why="three dots compare with a merge base, but `record` compares two trees" if last.startswith(".") else "",
            next_step="write A..B with two revisions that `git log` knows",
        )
    return base, head
