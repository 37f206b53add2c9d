"""A program that follows the logs of two pods whose cluster does not answer from the third look on, or says no more."""

import os
import sys
import threading
from collections import Counter
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

from erp_build.cli.signals import signals_raise
from erp_build.clients.calls import within
from erp_build.clients.clock import SystemClock
from erp_build.clients.terminal.streams import Output
from erp_build.deployment.logs.find_logs import Wanted
from erp_build.deployment.logs.reading import LogReading
from erp_build.errors import Failure
from erp_build.formats.logs.moments import nanoseconds_of
from erp_build.model.releases.kubernetes import Container, ContainerTemplate, ObjectName, Pod, Workload
from erp_build.model.releases.logs import LogLine, LogPart
from erp_build.model.releases.release import Release
from erp_build.report.text.logs import event_text
from tests.support.samples import ERP

RELEASE = Release("erp-dev", "erp-dev", "erp")
SILENT = "PODS_ARE_SILENT"
"""The variable with which the cluster answers, and the pods print nothing more."""

HANGS_S = 60.0
SHOWN_AT = 2
"""The look with which the lines of the first one are shown."""


class Hanging:
    """A cluster with two pods, each of which has printed a line."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._looks: Counter[str] = Counter()

    def workloads(self, release: Release, also: Collection[ObjectName]) -> tuple[Workload, ...]:
        assert (release, list(also)) == (RELEASE, [])
        pods = (Pod(name=name, current=True, containers=(Container(image="a:1", name="a"),)) for name in ("a-1", "a-2"))
        template = (ContainerTemplate("a", "a:1"),)
        return (
            Workload(name="a", containers=template, desired=2, generation=1, observed_generation=1, pods=tuple(pods)),
        )

    def log_since(self, *words: Any, **_: Any) -> LogPart:
        pod = words[1]
        self._looks[pod] += 1
        if self._looks[pod] > SHOWN_AT and SILENT not in os.environ:
            within(HANGS_S, threading.Event().wait)
        return LogPart((LogLine(self._now + 1, "begun"),))


def main() -> int:
    """Print what is printed, until a signal."""
    clock = SystemClock()
    now = nanoseconds_of(clock.now())
    clients = SimpleNamespace(clock=clock, cluster=Hanging(now), helm=SimpleNamespace(manifest=lambda _: ()))
    site: Any = SimpleNamespace(
        project=ERP,
        release=RELEASE,
        clients=clients,
        repository=lambda target: target.repository,
        say=lambda text: print(text, file=sys.stderr),  # noqa: T201 - for whoever reads a failed test
    )
    try:
        with signals_raise():
            reading = LogReading(site, Wanted(names=("a",), since=now))
            for event in reading.follow(Output(sys.stdout).has_reader):
                print(event_text(event, event.lines[0]), flush=True)  # noqa: T201 - its parent reads it
    except Failure as error:
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
