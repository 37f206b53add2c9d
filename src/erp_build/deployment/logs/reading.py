"""Reads several logs side by side, once or on and on, and gives their events in order of time."""

import json
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence

from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.deployment.chart_values import mask_values, read_values, values_path_of
from erp_build.deployment.logs.find_logs import LogFinder, Wanted
from erp_build.deployment.logs.log import Log, Printed
from erp_build.errors import ErpBuildError, told
from erp_build.formats.logs.moments import nanoseconds_of, shown_moment
from erp_build.formats.logs.stitched import Stitcher
from erp_build.formats.logs.time_order import TimeOrder
from erp_build.formats.secrets.names import settings_of_json
from erp_build.model.releases.logs import LogEvent, LogSource

LOOK_EVERY_S, FIND_EVERY_S = 1.0, 5.0
"""Seconds between two readings of the logs of containers, and between two looks for new pods."""

AFTER_FAILURE_S = 10.0
"""Seconds after which a log is read again that could not be: a node that is gone must not hold up all others."""

HELD_LOOKS, HELD_LOOKS_OF_GROUPS = 1, 6
"""Readings for which an event waits for older ones; CloudWatch has a record some seconds after it was printed."""


MAX_READ_AGAIN = 10
"""Times that a log is read again whose reading failed for a moment: an account may ask for few groups in a second."""


def mask_secrets_of(site: Site) -> None:
    """Have the secrets of the values files masked in what is read, and those of the values that the release runs with.

    Values that cannot be read are said.
    """
    root, chart, secrets = site.chart_root, site.project.chart, site.clients.secrets

    def mask_files() -> None:
        mask_values(secrets, root, chart, read_values(values_path_of(root, chart)))

    def mask_running() -> None:
        # What runs may be of another commit than the checkout.
        for name, value in settings_of_json(json.dumps(site.clients.helm.given_values(site.release))):
            secrets.add_named(name, value)

    if not site.project.has_release:
        return
    for what, mask in (("values files", mask_files), ("values of the release", mask_running)):
        try:
            mask()
        except ErpBuildError as error:
            site.say(f"warning: the {what} are not read, so what is secret in them is not masked: {told(error)}")


class LogReading:
    """The logs of a release.

    Args:
        site: where they are.
        wanted: which of them.
    """

    def __init__(self, site: Site, wanted: Wanted) -> None:
        self._site, self._clock = site, site.clients.clock
        self._finder = LogFinder(site, wanted, self._note)
        self._since = wanted.since
        self._order = TimeOrder()
        self._stitchers: dict[LogSource, Stitcher] = {}
        self._log_of: dict[LogSource, Log] = {}
        self._failed: set[Log] = set()
        # Those of the failed ones that are read again, and how often each may be.
        self._again: set[Log] = set()
        self._left_again: dict[Log, int] = {}
        self._newest = wanted.since
        self._said: set[str] = set()
        self._first_error: ErpBuildError | None = None
        self._was_read = False

    def once(self) -> Iterator[LogEvent]:
        """Every event until now. What cannot be read is said; raises the first error where nothing can be read.

        A log that is long comes in parts: an event is given when no part that is still to come can have an older one.
        """
        end = nanoseconds_of(self._clock.now())
        logs = due = self._found()
        self._left_again = dict.fromkeys(logs, MAX_READ_AGAIN)
        while due:
            yield from self._look(due)
            left = [one for one in logs if one in self._again or (self._goes_on(one) and one.at < end)]
            if self._again.intersection(due):
                self._clock.sleep(LOOK_EVERY_S)
            # The one that is behind all others, so that few events wait.
            behind = min((one.at for one in left), default=end)
            due = [one for one in left if one.at == behind]
            yield from self._end_all_but(left)
            yield from self._order.take(self._limit(behind - 1)) if due else ()
        yield from self._end_all_but(())
        yield from self._order.take()
        self._require_read()
        if self._newest == self._since:
            # Silence may be good, or mean that the wrong place was looked at.
            read = len(logs) - len(self._failed)
            self._site.say(f"nothing was printed since {shown_moment(self._since)}; logs that were read: {read}")

    def follow(self, goes_on: Callable[[], bool] = lambda: True) -> Iterator[LogEvent]:
        """Every event until now and all that come, until a signal, or until `goes_on` says no before a look.

        No clock of a node is compared with that of this machine: an event waits for some further readings.
        """
        logs = self._found()
        held = HELD_LOOKS_OF_GROUPS if any(one.every > LOOK_EVERY_S for one in logs) else HELD_LOOKS
        before = deque([self._since], maxlen=held)
        next_find = self._clock.monotonic() + FIND_EVERY_S
        next_look: dict[Log, float] = {}
        while goes_on():
            now = self._clock.monotonic()
            if now >= next_find:
                logs, next_find = self._found(), now + FIND_EVERY_S
            due = [one for one in logs if self._goes_on(one) or now >= next_look.get(one, now)]
            silent = set(self._stitchers)
            yield from self._look(due, silent)
            next_look = {one: now + self._pause_of(one) if one in due else next_look[one] for one in logs}
            self._require_read()
            # Of a source that printed nothing since the last look nothing more belongs to its last event.
            waiting = [one for one in logs if one not in due]
            yield from self._end_all_but([one for one in logs if self._goes_on(one)], waiting, silent)
            cut = [one.at - 1 for one in due if self._goes_on(one)]
            yield from self._order.take(self._limit(min((before[0], *cut))))
            before.append(self._newest)
            if not cut:
                self._clock.sleep(LOOK_EVERY_S)

    def _found(self) -> list[Log]:
        logs = self._finder.find()
        self._finder.require_known()
        return logs

    def _goes_on(self, log: Log) -> bool:
        """Whether there is more of a log than the last reading gave."""
        return log.is_cut and log not in self._failed

    def _pause_of(self, log: Log) -> float:
        """Seconds from one look at a log to the next."""
        return max(log.every, AFTER_FAILURE_S) if log in self._failed else log.every

    def _look(self, logs: Sequence[Log], silent: set[LogSource] | None = None) -> Iterator[LogEvent]:
        """Read logs side by side; gives events for which there is no room to wait.

        Args:
            logs: which of them.
            silent: sources, of which those are taken out that have printed something.
        """
        self._failed.difference_update(logs)
        self._again.difference_update(logs)
        for log, printed in zip(logs, ask_at_once(self._read, logs), strict=True):
            for source, line in printed:
                self._log_of[source] = log
                (silent or set()).discard(source)
                for event in self._stitchers.setdefault(source, Stitcher(source)).add(line):
                    yield from self._order.add(event)
                self._newest = max(self._newest, line.at)

    def _end_all_but(
        self, going_on: Sequence[Log], waiting: Sequence[Log] = (), silent: Collection[LogSource] | None = None
    ) -> Iterator[LogEvent]:
        """End the open event of every source, except of logs that go on or were not read.

        `silent` are the sources whose event may end; None: of all.
        """
        for source in list(self._stitchers):
            log = self._log_of[source]
            if log in going_on or log in waiting or (silent is not None and source not in silent):
                continue
            for event in self._stitchers.pop(source).end():
                yield from self._order.add(event)

    def _read(self, log: Log) -> Collection[Printed]:
        try:
            found = log.read()
        except ErpBuildError as error:
            self._failed.add(log)
            if error.passes and self._left_again.get(log, 0):
                self._left_again[log] -= 1
                self._again.add(log)
            else:
                self._note(error)
            return ()
        self._was_read = True
        return found

    def _limit(self, until: int) -> int:
        """No event is given before an older one that is still being read."""
        return min([until, *(one.first - 1 for one in self._stitchers.values() if one.first)])

    def _note(self, error: ErpBuildError) -> None:
        """Say once what cannot be read; the rest is read."""
        self._first_error = self._first_error or error
        text = f"{error.where}: {told(error)}" if error.where else told(error)
        if text not in self._said:
            self._said.add(text)
            hint = f"; {error.next_step}" if error.next_step else ""
            self._site.say(f"not read: {text}{hint}")

    def _require_read(self) -> None:
        if self._first_error and not self._was_read:
            raise self._first_error
