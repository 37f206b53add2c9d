"""The `helm` program, versions 3 and 4, with a cluster and without one.

Its output repeats values, and a manifest may hold secrets, so only picked parts of it are passed on.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.helm.calls import HELM_CALL_TIMEOUT_S, call_helm, raise_for_failure
from erp_build.clients.helm.dependencies import CompleteCharts, complete_chart
from erp_build.clients.helm.manifest import all_objects, objects_and_hooks, objects_but_secrets
from erp_build.clients.helm.rendering import render_chart, values_file, values_options
from erp_build.clients.kubernetes.kubeconfig import ClusterAccess
from erp_build.clients.process import Result, TimedOut
from erp_build.config.read_file import path_below
from erp_build.errors import ReleaseFailed
from erp_build.formats.kubernetes.hooks import RECORD_TEMPLATE, hook_runs
from erp_build.formats.kubernetes.release_record import MAX_RECORD, record_size
from erp_build.formats.values.key import look_up
from erp_build.model.project import Chart
from erp_build.model.releases.capabilities import NOTHING_KNOWN, Capabilities
from erp_build.model.releases.release import HookRun, Release, Revision

OLDEST_HELM = (3, 14)
"""The oldest version that knows all options used here."""

HELM_EXIT_MARGIN_S = 60.0
"""Seconds beyond Helm's own `--timeout`: Helm must be able to record the release's state before it is ended."""

MAX_REVISIONS_KEPT = 10
"""Revisions of a release that Helm keeps (`--history-max`)."""

FIRST_HELM_HIDING_SECRETS = (3, 15)
"""The first version whose dry run can leave Secrets out of what it prints."""

FIRST_HELM_WITH_CONFLICTS = (4, 0)
"""The first version that applies on the server, where two writers of a field are in conflict."""

APPLIED_ON_THE_SERVER = '{"applyMethod": "ssa"}'
"""What `helm get metadata` says of a release that is; a first installation by Helm 4 makes such a one."""


@reads_answers_of("Helm", ReleaseFailed)
class HelmProgram:
    """Runs `helm` with the run's own kubeconfig and without the caller's HELM_* variables.

    Names stand behind `--`, so that none is taken for an option.

    Args:
        access: to the clusters.
        folder: for Helm's cache. A cache in the home directory may describe an older cluster of the same name.
        ask: reads the capabilities of a release's cluster; a chart is rendered for them.
    """

    def __init__(
        self, access: ClusterAccess, folder: Path, ask: Callable[[Release], Capabilities] = lambda _: NOTHING_KNOWN
    ) -> None:
        self._access = access
        self._folder = folder
        self._ask = ask
        self._charts = CompleteCharts(folder / "charts")

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions of a release, oldest first; empty when there is no release."""
        options = ["--output", "json", "--max", str(MAX_REVISIONS_KEPT)]
        found = self._read(release, "history", ["history"], options, absent="[]")
        return tuple(
            Revision(
                number=int(item["revision"]),
                status=item["status"],
                description=item.get("description", ""),
                updated=item.get("updated", ""),
            )
            for item in json.loads(found)
        )

    def values_of(self, release: Release, keys: Sequence[str], revision: int | None = None) -> dict[str, str]:
        """Return some values of a revision (None: the newest) by their dotted keys, without those that do not exist."""
        which = ["--revision", str(revision)] if revision else []
        options = ["--all", "--output", "json", *which]
        values = json.loads(self._read(release, "values", ["get", "values"], options))
        found = {key: look_up(values, key) for key in keys}
        return {key: str(value) for key, value in found.items() if value is not None}

    def given_values(self, release: Release) -> Mapping[str, Any]:
        """Return the values that the newest revision was given beside the chart's defaults. They may hold secrets."""
        found = json.loads(self._read(release, "values", ["get", "values"], ["--output", "json"]))
        return found if isinstance(found, dict) else {}

    def objects(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """Return the Deployments and what scales them, of the newest revision's manifest."""
        wanted = ("Deployment", "HorizontalPodAutoscaler", "ScaledObject")
        return tuple(item for item in self.manifest(release) if item["kind"] in wanted)

    def manifest(self, release: Release, revision: int | None = None) -> tuple[Mapping[str, Any], ...]:
        """Every object of a revision (None: the newest), Secrets by name alone; none where there is no release."""
        which = ["--revision", str(revision)] if revision else []
        return objects_but_secrets(self._read(release, "manifest", ["get", "manifest"], which, absent=""))

    def hook_runs(self, release: Release, revision: int) -> tuple[HookRun, ...]:
        """Return the hooks that ran with a revision, also of one that is pending or has failed."""
        options = ["--revision", str(revision), "--template", RECORD_TEMPLATE]
        return tuple(hook_runs(self._read(release, "record", ["get", "all"], options)))

    def render(
        self, release: Release, chart: Path, values: bytes, below: Sequence[Path] = (), *, is_upgrade: bool = False
    ) -> tuple[Mapping[str, Any], ...]:
        """Render the chart as the cluster would, but without it; lint it.

        Returns its objects and hooks, Secrets by name alone. Raises `ReleaseFailed` with what does not render.
        """
        folder, cache = self._charts.complete(chart), self._folder
        with values_file(values) as path:
            files = (*below, path)
            place, cluster = (release.name, release.namespace), self._ask(release)
            made = render_chart(folder, *place, files, cache, cluster, is_upgrade=is_upgrade)
        return objects_but_secrets(made)

    def check_chart(
        self, release: Release, chart: Path, values: bytes, below: Sequence[Path] = ()
    ) -> tuple[Mapping[str, Any], ...]:
        """Try the chart on the cluster, which changes nothing; `render` says more of a mistake in the chart.

        Returns the objects that the cluster would take, then its hooks; without Secrets where Helm hides them.
        Raises `ReleaseFailed` with what the cluster would not take.
        """
        folder = self._charts.complete(chart)
        with values_file(values) as path:
            words = ["upgrade", "--install", *self._place(release), *values_options((*below, path))]
            # A dry run prints Secrets, unless Helm is new enough to hide them.
            hidden = ["--hide-secret"] if self.version >= FIRST_HELM_HIDING_SECRETS else []
            words += [
                "--reset-values",
                "--dry-run=server",
                *hidden,
                "--output",
                "json",
                "--",
                release.name,
                str(folder),
            ]
            tried = self._change(release, "dry run", words, "the cluster would not take the release")
            _require_small_enough(tried, f"{release.name} in {release.namespace}")
            return objects_and_hooks(json.loads(tried))

    def upgrade(
        self,
        release: Release,
        chart: Path,
        values: Path,
        description: str,
        timeout: float,
        below: Sequence[Path] = (),
    ) -> None:
        """Install or upgrade a release with complete values; `below` are files that `values` overrides.

        Helm does not wait for the rollout (docs/decisions/0004): in version 3 its wait ends too early, in version 4 it
        also waits for objects that have nothing to do with this deployment. The deploy stage watches the rollout.
        """
        folder = self._charts.complete(chart)
        words = ["upgrade", "--install", *self._place(release)]
        # Without --reset-values a removed key would keep its old value, and new defaults of the chart would be ignored.
        words += [*values_options((*below, values)), "--reset-values", "--history-max", str(MAX_REVISIONS_KEPT)]
        words += self._repairing(release)
        words += ["--timeout", f"{timeout:.0f}s", "--description", description, "--", release.name, str(folder)]
        self._change(release, "upgrade", words, "Helm did not upgrade the release", timeout + HELM_EXIT_MARGIN_S)

    def rollback(self, release: Release, revision: int, timeout: float) -> None:
        """Make a new revision of an old one's objects; this also ends a pending revision."""
        words = ["rollback", *self._place(release), "--history-max", str(MAX_REVISIONS_KEPT)]
        words += self._repairing(release, revision)
        words += ["--timeout", f"{timeout:.0f}s", "--", release.name, str(revision)]
        self._change(release, "rollback", words, "Helm did not roll the release back", timeout + HELM_EXIT_MARGIN_S)

    def uninstall(self, release: Release) -> None:
        """Remove a release and all of its objects."""
        words = ["uninstall", *self._place(release), "--", release.name]
        self._change(release, "removal", words, "Helm did not remove the release")

    @cached_property
    def version(self) -> tuple[int, int]:
        """Major and minor version; raises `ReleaseFailed` for one that is too old."""
        done = self._run(["version", "--template", "{{.Version}}"], "version")
        raise_for_failure(done, "Helm does not tell its version", "helm version")
        found = re.match(r"v?(\d+)\.(\d+)", done.stdout.strip())
        version = (int(found[1]), int(found[2])) if found else (0, 0)
        if version < OLDEST_HELM:
            raise ReleaseFailed(
                "Helm is too old",
                where="PATH",
                why=f"it is version {'.'.join(map(str, version))}",
                next_step="install Helm 3.14 or newer, or Helm 4",
            )
        return version

    def _repairing(self, release: Release, revision: int | None = None) -> list[str]:
        """The option by which an upgrade, or a rollback to a revision, repairs edits by hand instead of refusing them.

        Helm 4 applies a release that it has installed on the server, where an edit by hand is a conflict. It refuses
        the option for a release that is not applied there, as every one that Helm 3 has made.
        """
        if self.version < FIRST_HELM_WITH_CONFLICTS:
            return []
        which = ["--revision", str(revision)] if revision else []
        options = ["--output", "json", *which]
        found = self._read(release, "metadata", ["get", "metadata"], options, absent=APPLIED_ON_THE_SERVER)
        is_on_server = json.loads(found).get("applyMethod") == json.loads(APPLIED_ON_THE_SERVER)["applyMethod"]
        return ["--force-conflicts"] if is_on_server else []

    def _place(self, release: Release) -> list[str]:
        # Writes the token's file, so that Helm's credential plugin need not sign a token at every call.
        self._access.token(release.cluster)
        kubeconfig = self._access.to(release.cluster).kubeconfig
        return ["--namespace", release.namespace, "--kubeconfig", str(kubeconfig)]

    def _read(
        self, release: Release, what: str, verb: Sequence[str], options: Sequence[str] = (), absent: str | None = None
    ) -> str:
        """Return what Helm says of a release; `absent` if there is none (None: that is an error like every other)."""
        words = [*verb, *self._place(release), *options, "--", release.name]
        done = self._run(words, f"{what} of {release.name}", reads=True)
        # Helm exits with 1 for every error; only this text means that there is no release.
        if absent is not None and done.code and "release: not found" in done.stderr:
            return absent
        raise_for_failure(done, f"the {what} of the release cannot be read", release.name)
        return done.stdout

    def _change(
        self, release: Release, what: str, words: Sequence[str], failure: str, timeout: float = HELM_CALL_TIMEOUT_S
    ) -> str:
        done = self._run(words, f"{what} of {release.name}", timeout)
        raise_for_failure(done, failure, f"{release.name} in {release.namespace}")
        return done.stdout

    def _run(
        self, words: Sequence[str], what: str, timeout: float = HELM_CALL_TIMEOUT_S, *, reads: bool = False
    ) -> Result:
        try:
            return call_helm(words, what, timeout, cache=self._folder)
        except ReleaseFailed as error:
            # A call that changes something was ended in the middle: it is not begun once more.
            error.passes = reads and isinstance(error.__cause__, TimedOut)
            raise


class LocalCharts:
    """Lints and renders a chart without a cluster: `helm lint` and `helm template`."""

    def rendered(self, root: Path, chart: Chart, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """Return the objects that a chart renders from values; raises `ReleaseFailed` if it does not render or lint."""
        with values_file(values) as path, complete_chart(root / chart.path) as folder:
            files = (*(path_below(root, f"{chart.path}/{one}") for one in chart.below), path)
            return all_objects(render_chart(folder, chart.release, chart.namespace, files))


def _require_small_enough(release: str, where: str) -> None:
    """Raise `ReleaseFailed` where a release is larger than the cluster can keep of it."""
    size = record_size(release)
    if size > MAX_RECORD:
        raise ReleaseFailed(
            "the release is too large for Helm to keep",
            where=where,
            why=f"its record would take {size} bytes, compressed, and a Secret holds {MAX_RECORD}: the chart with all "
            "of its files, the values, and what they render",
            next_step="take large files out of the chart's folder or name them in .helmignore; split what is left into "
            "two releases",
        )
