"""`python -m bench past-one-machine [--measured]`: writes docs/past-one-machine.md from the model."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.fleet import fit
from bench.fleet.model import Parameters, Taken, on_one_host, on_workers, pays_from, without_host
from bench.timing import RESULTS

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "past-one-machine.md"

SERVICES = (4, 50, 200, 1000)
SHARES = {"one": 0.0, "5 %": 0.05, "25 %": 0.25, "all": 1.0}
"""What of the services has changed; one at least."""

WORKERS = (2, 4, 8, 16)
SLOWER = (15.0, 60.0)
"""Seconds of a service that compiles more than the measured ones, or has tests."""

LARGE = 200


def main(*, measured: bool = False) -> int:
    """Write the page; with `measured`, first take what the benchmarks have left."""
    if measured:
        rows = json.loads(RESULTS.read_text(encoding="utf-8"))
        fit.FILE.write_text(with_measured(fit.FILE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    PAGE.write_text(page(fit.document()), encoding="utf-8")
    print(PAGE)
    return 0


def with_measured(text: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The file of the parameters with what is among the results; a kind of which nothing is there stays as it is."""
    day = datetime.now(UTC).date().isoformat()
    for table, runs in (("measured", fit.runs_of(rows)), ("sandbox", fit.sandbox_runs_of(rows))):
        if runs:
            listed = "".join(f"  {json.dumps(run)},\n" for run in runs)
            pattern = re.compile(rf'(\[{table}\].*\ndate = )"[^"]*"((?:\nlatency_ms = \S+)?\nruns = )\[[^=]*?\]\n')
            text, count = pattern.subn(rf'\g<1>"{day}"\g<2>[\n{listed}]\n', text)
            if not count:
                raise ValueError(f"{fit.FILE.name} has no table [{table}] with `date` and `runs`")
    return text


def page(found: Mapping[str, Any]) -> str:
    """The whole page."""
    given = fit.parameters(found)
    parts = (_INTRODUCTION, _FORMULA, _origins(found, given), _one_host(given), _workers(given), _pays(given))
    return "\n".join((*parts, _checked(found, given), _LEFT_OUT))


_INTRODUCTION = """\
# Past one machine

A run builds on one host, a few services at once. This page says how long that takes and what it costs, and from when on
several hosts are worth their start. `python -m bench past-one-machine` makes it from a model; the numbers stand in
`bench/fleet/parameters.toml`. **Put in your own**: what your services take is in the report of any run.

In short: with four services, one host is right. Before you take several hosts, try a larger one: it needs no further
rights, and makes one plan instead of several.
"""

_FORMULA = """\
## The formula

```text
read(n)        = read_fixed + read_each * n             n services, whether changed or not
build(c)       = fetch + first + each * c               c of them have changed
deploy(n, c)   = deploy_fixed + deploy_of_all * n + deploy_each * c + waits
one host       = start + read(n) + build(c) + deploy(n, c)
w workers      = start + read(n)                        the coordinator
               + start + read(n) + build(c / w)         the slowest of min(w, c) workers, which make the plan as well
               + look / 2 + deploy(n, c)                the end of a worker is seen at the next look
money          = price * (minutes of each host, each rounded up); the coordinator is paid for while it waits
```

Nothing is read or deployed where nothing has changed, but what `read` says.
"""


def _origins(found: Mapping[str, Any], given: Parameters) -> str:
    prices, measured = found["prices"], found["measured"]
    checked = "" if prices["checked"] else " **Not checked: look there before you count on it.**"
    price = (
        f"{prices['compute']} in {prices['region']}, {prices['date']}: <{prices['source']}>.{checked} "
        "Yours depends on region, compute type and day"
    )
    over_fakes = f"`bench runs` of {measured['date']}, at {measured['latency_ms']:.0f} ms a request"
    build = "`bench pipeline`: four small Spring Boot services without tests, two cores"
    rows = [
        ("start", f"{given.start:.1f} s", "assumed; yours is in the phases of a build"),
        ("fetch", f"{given.fetch:.1f} s", "assumed: the build has a cache of Maven's repository"),
        ("first", f"{given.first:.1f} s", build),
        ("each", f"{given.each:.1f} s", f"{build}. Further down also {_listed(SLOWER)} s, for services with tests"),
        ("read_fixed, read_each", f"{given.read:.2f} s, {given.read_each * 1000:.1f} ms", over_fakes),
        (
            "deploy_fixed, deploy_of_all, deploy_each",
            f"{given.deploy:.2f} s, {given.deploy_of_all * 1000:.1f} ms, {given.deploy_each * 1000:.1f} ms",
            over_fakes,
        ),
        ("waits", f"{given.waits:.1f} s", "the pods of the fakes; yours take as long as they take to become ready"),
        ("look", f"{given.look:.1f} s", "assumed"),
        ("price", f"{given.price} USD", price),
    ]
    return _section("Where each number comes from", "", ("name", "value", "from"), rows)


def _one_host(given: Parameters) -> str:
    rows = []
    for services in SERVICES:
        for share, part in SHARES.items():
            if changed := _changed(services, share, part):
                cells = [_shown(on_one_host(one, services, changed)) for one in _kinds(given)]
                rows.append((str(services), f"{share} ({changed})", *cells))
    heads = ("services", "changed", *_heads(given))
    return _section("On one host", "Time and money of a run, by what each service takes to build.", heads, rows)


def _workers(given: Parameters) -> str:
    rows = []
    for share, part in SHARES.items():
        changed = _changed(LARGE, share, part)
        for one in _kinds(given):
            cells = [_shown(on_workers(one, LARGE, changed, workers)) for workers in WORKERS]
            rows.append((f"{share} ({changed})", f"{one.each:g} s", _shown(on_one_host(one, LARGE, changed)), *cells))
    heads = ("changed", "a service", "one host", *(f"{workers} workers" for workers in WORKERS))
    return _section(f"{LARGE} services on workers", "", heads, rows)


def _pays(given: Parameters) -> str:
    rows = [
        (f"{one.each:g} s", *(_from(pays_from(one, LARGE, workers)) for workers in WORKERS)) for one in _kinds(given)
    ]
    text = (
        f"The number of changed services, of {LARGE}, from which on workers are done sooner. They never cost less:\n"
        "each of them starts, reads and makes a plan, and the run waits for them."
    )
    return _section("From when on it pays", text, ("a service", *(f"{one} workers" for one in WORKERS)), rows)


def _checked(found: Mapping[str, Any], given: Parameters) -> str:
    runs = [fit.Ran(*row) for row in found["measured"]["runs"]]
    rows = [
        ("fakes", str(one.services), str(one.changed), f"{one.seconds:.1f}", f"{without_host(given, *one[:2]):.1f}")
        for one in runs
    ]
    played = [fit.RanInSandbox(*row) for row in found["sandbox"]["runs"]]
    for ran in played:
        model = without_host(given, ran.services, ran.changed) + (given.waits if ran.changed else 0.0)
        rows.append(
            ("sandbox", str(ran.services), str(ran.changed), f"{ran.seconds - ran.building:.1f}", f"{model:.1f}")
        )
    text = (
        "Seconds without the start of a host and without building images; over fakes without the waits for pods, too.\n"
        "In the sandbox a request takes less than the model says, and fifty pods on one node take longer."
    )
    if not played:
        text += "\nThe sandbox has not been measured yet: `python -m bench sandbox-runs`."
    heads = ("where", "services", "changed", "measured", "by the model")
    return _section("Checked against runs", text, heads, rows)


_LEFT_OUT = """\
## What the model leaves out

- **Queues and quotas.** CodeBuild starts as many builds at once as your account may have; others wait.
- **Limits of time.** A host ends when its project says so, in the template after 300 minutes (`TimeoutMinutes`).
- **Unequal services.** The slowest worker decides. A run shares services out by what they took before; one service that
  takes longer than all others together is not divided.
- **Shared modules.** A reactor builds a module once on one host, and once on each worker that needs it.
- **Larger hosts.** What two cores take, eight do not take in a quarter: measure one before you take four small ones.
- **Other prices**: logs, S3, the traffic of NAT gateways, and the images in ECR.
"""


def _kinds(given: Parameters) -> tuple[Parameters, ...]:
    return (given, *map(given.with_services_of, SLOWER))


def _heads(given: Parameters) -> Iterable[str]:
    return (f"{one.each:g} s a service" for one in _kinds(given))


def _changed(services: int, share: str, part: float) -> int:
    """How many that is; 0 where it is no more than one, which has a row of its own."""
    changed = round(services * part)
    return 1 if share == "one" else changed if changed > 1 else 0


def _shown(taken: Taken) -> str:
    seconds = f"{taken.seconds:.0f} s" if taken.seconds < 600 else f"{taken.seconds / 60:.0f} min"  # noqa: PLR2004
    return f"{seconds}, {taken.dollars:.3f} USD"


def _from(changed: int) -> str:
    return str(changed) if changed else "never"


def _listed(numbers: Sequence[float]) -> str:
    return " and ".join(f"{one:g}" for one in numbers)


def _section(title: str, text: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"## {title}", "", *([text, ""] if text else []), _line(heads), "|---" * len(heads) + "|"]
    return "\n".join([*lines, *map(_line, rows), ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
