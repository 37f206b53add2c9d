"""What `doctor` found, for a person and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, get_args

from erp_build.doctor.diagnosis import CheckResult, Diagnosis, State
from erp_build.formats.printable import one_line

SCHEMA = 1
PLURAL = {"warning": "warnings", "problem": "problems"}


def doctor_text(diagnoses: Sequence[Diagnosis]) -> str:
    """A block per area, a line per check, those that failed for the same reason together; and what to do next."""
    width = max((len(one.name) for one in diagnoses), default=0)
    lines: list[str] = []
    for area, members in groupby(diagnoses, key=lambda one: one.area):
        lines.append(area)
        for result, same in groupby(members, key=lambda one: one.result):
            lines += _lines(result, [one.name for one in same], width)
    counts = _counts(diagnoses)
    told = (f"{number} {state if number == 1 else PLURAL.get(state, state)}" for state, number in counts.items())
    return "\n".join((*lines, f"{len(diagnoses)} checks: {', '.join(told)}"))


def doctor_document(diagnoses: Sequence[Diagnosis]) -> dict[str, Any]:
    """The same as `doctor --json` prints it."""
    return {
        "schema": SCHEMA,
        "counts": _counts(diagnoses),
        "checks": [
            {
                "name": one.name,
                "area": one.area,
                "state": one.result.state,
                "looked_at": one.result.looked_at,
                "found": one.result.found,
                "next": one.result.next_step or None,
            }
            for one in diagnoses
        ],
    }


def _lines(result: CheckResult, names: Sequence[str], width: int) -> Iterator[str]:
    margin = " " * (width + 13)
    first, *rest = result.found.splitlines() or [""]
    if len(names) > 1:
        yield f"  {result.state:<8} {', '.join(names)}"
        rest = [first, *rest]
    else:
        yield f"  {result.state:<8} {names[0]:<{width}}  {first}".rstrip()
    yield from (margin + line for line in rest)
    yield f"{margin}looked at: {one_line(result.looked_at)}"
    if result.next_step:
        first, *rest = result.next_step.splitlines()
        yield f"{margin}next: {first}"
        yield from (f"{margin}      {line}" for line in rest)


def _counts(diagnoses: Sequence[Diagnosis]) -> dict[str, int]:
    found = Counter(one.result.state for one in diagnoses)
    return {state: found[state] for state in get_args(State)}
