"""The parameters of the model: those of the file, and those that follow from measured runs."""

import re
import statistics
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.fleet.model import Parameters

FILE = Path(__file__).resolve().parent / "parameters.toml"

CASES: Mapping[str, Callable[[int], int]] = {
    "nothing": lambda _: 0,
    "one": lambda _: 1,
    "ten": lambda services: min(10, services),
    "all-there": lambda services: services,
    "first": lambda services: services,
}
"""Case of `bench runs` or `bench sandbox-runs` -> how many services have changed in it, of so many."""


TINY = 1e-9
"""Services: what is left by rounding."""


class Ran(NamedTuple):
    """A measured run over fakes: its seconds, and what it waited for pods besides."""

    services: int
    changed: int
    seconds: float
    waits: float


class RanInSandbox(NamedTuple):
    """A measured run in the sandbox: its seconds, and those of them that built images."""

    services: int
    changed: int
    seconds: float
    building: float


class Line(NamedTuple):
    """A fixed part, and one for each."""

    fixed: float
    each: float


def document() -> dict[str, Any]:
    """The file of the parameters."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def parameters(found: Mapping[str, Any]) -> Parameters:
    """The parameters of a document; raises `ValueError` where it has too few measured runs."""
    runs = [Ran(*row) for row in found["measured"]["runs"]]
    read = _line((one.services, one.seconds) for one in runs if not one.changed)
    # What a run with changes takes beyond one that finds nothing to do.
    beyond = [(one, one.seconds - read.fixed - read.each * one.services) for one in runs if one.changed]
    of_all = _of_first([(one.services, one.changed, seconds) for one, seconds in beyond])
    more = _line((one.changed, seconds - of_all * one.services) for one, seconds in beyond)
    return Parameters(
        start=found["host"]["start_s"],
        fetch=found["host"]["fetch_s"],
        first=found["build"]["first_s"],
        each=found["build"]["each_s"],
        read=read.fixed,
        read_each=read.each,
        deploy=more.fixed,
        deploy_of_all=of_all,
        deploy_each=more.each,
        waits=statistics.median(one.waits for one in runs if one.changed),
        look=found["worker"]["look_s"],
        price=found["prices"]["dollars_a_minute"],
    )


def _line(points: Iterable[tuple[int, float]]) -> Line:
    """The line through points. No part of it is negative: no run takes less because there is more of it."""
    found = list(points)
    if len({number for number, _ in found}) < 2:  # noqa: PLR2004 - a line needs two
        raise ValueError("runs of two sizes at least must have been measured: python -m bench runs --services 4 50")
    each = max(0.0, statistics.linear_regression(*zip(*found, strict=True)).slope)
    return Line(max(0.0, statistics.mean(seconds - each * number for number, seconds in found)), each)


def _of_first(points: Iterable[tuple[int, int, float]]) -> float:
    """What each of the first number takes where two numbers make the seconds; 0 where they cannot be told apart.

    By the theorem of Frisch, Waugh and Lovell: what the second number leaves unexplained of both is compared.
    """
    first, second, seconds = zip(*points, strict=True)
    if len(set(second)) < 2:  # noqa: PLR2004 - as above
        return 0.0
    left, unexplained = _left_by(second, first), _left_by(second, seconds)
    if max(map(abs, left)) < TINY:
        return 0.0
    return max(0.0, statistics.linear_regression(left, unexplained).slope)


def _left_by(known: Sequence[float], wanted: Sequence[float]) -> list[float]:
    """What a line through what is known leaves of what is wanted."""
    slope, fixed = statistics.linear_regression(known, wanted)
    return [value - slope * number - fixed for number, value in zip(known, wanted, strict=True)]


def runs_of(rows: Mapping[str, Mapping[str, Any]]) -> list[Ran]:
    """The runs over fakes that are among the results, smallest first."""
    return sorted(
        Ran(services, changed, round(row["ours_ms"] / 1000, 2), row["waits_s"])
        for services, changed, row in _rows("runs", rows)
    )


def sandbox_runs_of(rows: Mapping[str, Mapping[str, Any]]) -> list[RanInSandbox]:
    """The runs in the sandbox that are among the results, smallest first."""
    return sorted(
        RanInSandbox(services, changed, round(row["ours_ms"] / 1000, 2), row["stages_s"].get("build images", 0.0))
        for services, changed, row in _rows("sandbox", rows)
    )


def _rows(kind: str, rows: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[int, int, Mapping[str, Any]]]:
    pattern = re.compile(rf"{kind}\.(\d+)\.([a-z-]+)")
    for key, row in rows.items():
        if (found := pattern.fullmatch(key)) and found[2] in CASES:
            services = int(found[1])
            yield services, CASES[found[2]](services), row
