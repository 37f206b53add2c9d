"""The hooks of a release in memory: how they run, and what Helm writes down of that."""

from collections.abc import Iterable, Mapping
from typing import Any

from erp_build.errors import ReleaseFailed
from erp_build.formats.kubernetes.hooks import events_of
from erp_build.model.releases.release import HookRun


class FakeHooks:
    """Runs the hooks of a chart with each upgrade.

    `fails` are names of those that fail, `ends` is name -> the error that strikes while it runs.
    """

    def __init__(self) -> None:
        self.fails: set[str] = set()
        self.ends: dict[str, BaseException] = {}
        self._runs: dict[int, list[HookRun]] = {}

    def of(self, revision: int) -> tuple[HookRun, ...]:
        """Those that ran with a revision."""
        return tuple(self._runs.get(revision, ()))

    def run(self, revision: int, objects: Iterable[Mapping[str, Any]], event: str) -> None:
        """Run those of an event, and write down how each of them ended."""
        for item in objects:
            events, name = events_of(item), item["metadata"]["name"]
            if event not in events:
                continue
            phase = "Failed" if name in self.fails else "Running" if name in self.ends else "Succeeded"
            self._runs.setdefault(revision, []).append(HookRun(item["kind"], name, phase, events))
            if name in self.ends:
                raise self.ends[name]
            if name in self.fails:
                raise ReleaseFailed("Helm did not upgrade the release", why=f"{event} hooks failed: job {name} failed")
