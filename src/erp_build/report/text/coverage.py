"""The coverage of the rules for a person and for a program."""

from collections.abc import Sequence
from typing import Any

from erp_build.changes.copied_sources import Uncovered
from erp_build.changes.replay import Coverage
from erp_build.formats.printable import one_line

MAX_ROWS_SHOWN = 10


def coverage_document(coverage: Coverage, missed: Sequence[Uncovered]) -> dict[str, Any]:
    """The coverage as `replay --coverage --json` prints it."""
    return {
        "schema": 1,
        "pairs": coverage.pairs,
        "builds": dict(coverage.builds),
        "silent": [{"rule": rule, "targets": list(names)} for rule, names in coverage.silent],
        "unowned": dict(coverage.unowned.most_common()),
        "together": [{"targets": list(names), "times": times} for names, times in coverage.together.most_common()],
        "uncovered": [{**item._asdict(), "paths": list(item.paths)} for item in missed],
    }


def coverage_text(coverage: Coverage, missed: Sequence[Uncovered]) -> str:
    """The coverage as five short lists: changed often, changed together, dead rules, unowned paths, missing rules."""
    builds = sorted(coverage.builds.items(), key=lambda item: -item[1])
    lines = [f"{coverage.pairs} comparisons", "Changed how often"]
    lines += _some([f"{times:5}  {name}" for name, times in builds])
    lines += ["Changed together"]
    lines += _some([f"{times:5}  {' + '.join(names)}" for names, times in coverage.together.items()])
    lines += ["Rules that never matched"]
    lines += _some([f"{rule}  (for {_names(names)})" for rule, names in coverage.silent])
    lines += ["Paths that nobody owns"]
    lines += _some([f"{times:5}  {path}" for path, times in coverage.unowned.most_common()])
    lines += ["Copied into an image, but matched by no rule of its target"]
    lines += _some(
        [f"{item.file}:{item.line}  {item.source}: {_names(item.paths)}  ({item.target})" for item in missed]
    )
    return "\n".join(lines)


def _some(rows: Sequence[str]) -> list[str]:
    more = [f"  and {len(rows) - MAX_ROWS_SHOWN} more"] if len(rows) > MAX_ROWS_SHOWN else []
    return [f"  {one_line(row)}" for row in rows[:MAX_ROWS_SHOWN]] + more or ["  none"]


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004 - a few
