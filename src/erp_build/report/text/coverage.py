"""The coverage of the rules for a person and for a program."""

from typing import Any

from erp_build.changes.copied_sources import Inspection
from erp_build.changes.replay import Coverage
from erp_build.formats.printable import few_names, one_line
from erp_build.report.text.table import few

MAX_ROWS_SHOWN = 10


def coverage_document(coverage: Coverage, seen: Inspection) -> dict[str, Any]:
    """The coverage as `replay --coverage --json` prints it."""
    return {
        "schema": 1,
        "pairs": coverage.pairs,
        "builds": dict(coverage.builds),
        "silent": [{"rule": rule, "targets": list(names)} for rule, names in coverage.silent],
        "unowned": dict(coverage.unowned.most_common()),
        "together": [{"targets": list(names), "times": times} for names, times in coverage.together.most_common()],
        "uncovered": [{**item._asdict(), "paths": list(item.paths)} for item in seen.uncovered],
        "unclear": [item._asdict() for item in seen.unclear],
        "looked_at": {
            "dockerfiles": seen.dockerfiles,
            "poms": seen.poms,
            "links": seen.links,
            "missing": list(seen.missing),
        },
    }


def coverage_text(coverage: Coverage, seen: Inspection) -> str:
    """The coverage as short lists: changed often, changed together, dead rules, unowned paths, missing rules.

    The last one says what was looked at, and is followed by what could not be.
    """
    builds = sorted(coverage.builds.items(), key=lambda item: -item[1])
    lists = {
        "Changed how often": [f"{times:5}  {name}" for name, times in builds],
        "Changed together": [f"{times:5}  {' + '.join(names)}" for names, times in coverage.together.most_common()],
        "Rules that never matched": [f"{rule}  (for {few_names(names)})" for rule, names in coverage.silent],
        "Paths that nobody owns": [f"{times:5}  {path}" for path, times in coverage.unowned.most_common()],
        "Copied into an image, but matched by no rule of its target": [
            f"{item.file}:{item.line}  {item.source}: {few_names(item.paths)}  ({item.target})"
            for item in seen.uncovered
        ],
    }
    looked_at = (
        f"none in {seen.dockerfiles} Dockerfiles, {seen.poms} poms with all that they take, and {seen.links} links"
    )
    nothing = {list(lists)[-1]: looked_at}
    unseen = [f"{path} is not there" for path in seen.missing]
    unseen += [f"{item.file}:{item.line}  {item.source} has no default  ({item.target})" for item in seen.unclear]
    if unseen:
        lists["Could not be looked at"] = unseen
    lines = [f"{coverage.pairs} comparisons"]
    for title, rows in lists.items():
        shown = few(rows, MAX_ROWS_SHOWN) or [nothing.get(title, "none")]
        lines += [title, *(f"  {one_line(row)}" for row in shown)]
    return "\n".join(lines)
