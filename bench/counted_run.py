"""One run over fakes, in a process of its own that begins with what was deployed before."""

import logging
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from erp_build.report.files import write_reports
from tests.support.counted_world import CountedWorld
from tests.support.git import Checkout
from tests.support.values_readings import counted_readings

PROCESS = multiprocessing.get_context("fork")
"""A copy of this process: the world is made once for all cases, and each of them changes a world of its own."""


class Measured(NamedTuple):
    """What one run took.

    Attributes:
        seconds: of the run and its report, by the clock on the wall; the latency of the requests is in it.
        cpu_s: of the processors, threads together, Git not: what other programs on the machine hardly change.
        waits_s: seconds that it waited by itself, for rollouts and scans. They are simulated, and not in `seconds`.
        inside_s: of `seconds`, what the fakes took: threads together.
        report_s: of `seconds`, what the files of the report took.
        requests: client -> requests.
        calls: call -> requests.
        peak_mb: the most memory of the process, with the fakes and what they hold.
        steps: action -> targets, of the plan.
        readings: of the values file, by its YAML library.
    """

    seconds: float
    cpu_s: float
    waits_s: float
    inside_s: float
    report_s: float
    requests: dict[str, int]
    calls: dict[str, int]
    peak_mb: float
    steps: dict[str, int]
    readings: int

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())


Change = Callable[[CountedWorld], object]


def measured(world: CountedWorld, change: Change, latency: float) -> Measured:
    """Commit a change in a copy of a world, and run in a process of its own; raises `RuntimeError` where it fails."""
    # The child begins with the copy of the folder, so that the next case finds the parent's as it was.
    receiving, sending = PROCESS.Pipe(duplex=False)
    child = PROCESS.Process(target=_run_in_child, args=(world, change, latency, sending))
    child.start()
    sending.close()
    try:
        found = receiving.recv()
    except EOFError:
        found = None
    child.join()
    if not isinstance(found, Measured):
        raise RuntimeError(f"the run did not end well, with exit code {child.exitcode}: {found}")  # noqa: TRY004 - whatever came is no measurement
    return found


def _run_in_child(world: CountedWorld, change: Change, latency: float, answer: Connection) -> None:
    with tempfile.TemporaryDirectory(prefix="erp-build-bench-") as folder:
        world.checkout = Checkout(_copied(world.root, Path(folder) / "repository"))
        change(world)
        world.calls.latency = latency
        answer.send(_measure(world, Path(folder) / "erp-build-report"))


def _copied(root: Path, folder: Path) -> Path:
    """A clone that shares the objects, as `git clone --shared`: quick, and its commits stay its own."""
    Checkout(root).git("clone", "--quiet", "--shared", str(root), str(folder))
    return folder


def _measure(world: CountedWorld, folder: Path) -> Measured:
    logging.disable()
    clock, start, processors = world.clock.monotonic(), time.perf_counter(), time.process_time()
    with counted_readings() as readings:
        report = world.run()
    ran = time.perf_counter()
    write_reports(report, folder / "report.json", world.secrets, print)
    end = time.perf_counter()
    calls = world.calls
    clients = sorted({name.partition(".")[0] for name in calls.by_name})
    actions = list(world.actions().values())
    return Measured(
        seconds=end - start,
        cpu_s=time.process_time() - processors,
        waits_s=world.clock.monotonic() - clock,
        inside_s=calls.inside_s,
        report_s=end - ran,
        requests={client: calls.of(client) for client in clients if calls.of(client)},
        calls=dict(calls.by_name),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        steps={action: actions.count(action) for action in dict.fromkeys(actions)},
        readings=len(readings),
    )
