"""What the stages may ask Helm; what it changes is in `clients.effects`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from erp_build.model.releases.release import HookRun, Release, Revision


class Helm(Protocol):
    """The `helm` program."""

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions of a release, oldest first; empty when there is no release."""

    def values_of(self, release: Release, keys: Sequence[str], revision: int | None = None) -> dict[str, str]:
        """Some values of a revision (None: the newest) by their dotted keys; those that are not there are missing."""

    def given_values(self, release: Release) -> Mapping[str, Any]:
        """The values that the newest revision was given beside the chart's defaults. They may hold secrets."""

    def objects(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """The Deployments of the newest revision, and what scales them: autoscalers, ScaledObjects of KEDA."""

    def manifest(self, release: Release, revision: int | None = None) -> tuple[Mapping[str, Any], ...]:
        """Every object of a revision (None: the newest), Secrets by name alone; none where there is no release."""

    def hook_runs(self, release: Release, revision: int) -> tuple[HookRun, ...]:
        """The hooks that ran with a revision, by Helm's own record of it; one that has not begun is not among them."""

    def render(
        self, release: Release, chart: Path, values: bytes, below: Sequence[Path] = (), *, is_upgrade: bool = False
    ) -> tuple[Mapping[str, Any], ...]:
        """Render and lint the chart without the cluster, and return its objects and hooks, Secrets by name alone.

        `below` are values files that `values` overrides; `is_upgrade` is what the chart reads of that name. Raises
        `ReleaseFailed` with what does not render.
        """

    def check_chart(
        self, release: Release, chart: Path, values: bytes, below: Sequence[Path] = ()
    ) -> tuple[Mapping[str, Any], ...]:
        """Try the chart on the cluster; it has been rendered before. Returns its objects and hooks without Secrets.

        Raises `ReleaseFailed` with what the cluster would not take.
        """
