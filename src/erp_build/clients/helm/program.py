"""The `helm` program, versions 3 and 4, with a cluster and without one.

Its output repeats values, and a manifest may hold secrets, so only picked parts of it are passed on.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

from erp_build.clients.kubernetes.kubeconfig import ClusterAccess
from erp_build.clients.process import Result, TimedOut, child_environment, run, tail
from erp_build.errors import ReleaseFailed
from erp_build.formats.helm_message import lint_mistakes, next_step, without_notes
from erp_build.formats.transient import text_passes
from erp_build.formats.yaml_reader import yaml_reader
from erp_build.model.project import Chart
from erp_build.model.releases.release import Release, Revision

HELM_CALL_TIMEOUT_S = 60.0
OLDEST_HELM = (3, 14)
"""The oldest version that knows all options used here."""

HELM_KILL_GRACE_S = 60.0
"""Seconds between TERM and KILL: a killed Helm leaves the release pending, so it gets time to end by itself."""

HELM_EXIT_MARGIN_S = 60.0
"""Seconds beyond Helm's own `--timeout`: Helm must be able to record the release's state before it is ended."""

MAX_REVISIONS_KEPT = 10
"""Revisions of a release that Helm keeps (`--history-max`)."""

FIRST_HELM_HIDING_SECRETS = (3, 15)
"""The first version whose dry run can leave Secrets out of what it prints."""


class HelmProgram:
    """Runs `helm` with the run's own kubeconfig and without the caller's HELM_* variables.

    Names stand behind `--`, so that none is taken for an option.

    Args:
        access: to the clusters.
        folder: for Helm's cache. A cache in the home directory may describe an older cluster of the same name.
    """

    def __init__(self, access: ClusterAccess, folder: Path) -> None:
        self._access = access
        self._folder = folder

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
        found = {key: _leaf(values, key) for key in keys}
        return {key: str(value) for key, value in found.items() if value is not None}

    def objects(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """Return the Deployments and autoscalers of the newest revision's manifest."""
        wanted = ("Deployment", "HorizontalPodAutoscaler")
        return tuple(item for item in self.manifest(release) if item["kind"] in wanted)

    def manifest(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """Every object of the newest revision but its Secrets; none where there is no release."""
        return _objects(self._read(release, "manifest", ["get", "manifest"], absent=""))

    def render(self, release: Release, chart: Path, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """Render and lint the chart without the cluster, and return its objects but Secrets.

        Raises `ReleaseFailed` with what does not render.
        """
        with _values_file(values) as path:
            return _objects(_render(chart, release.name, release.namespace, path, self._folder))

    def check_chart(self, release: Release, chart: Path, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """Render the chart without the cluster, lint it, and try it on the cluster, which changes nothing.

        Returns the objects that the cluster would take, but Secrets; raises `ReleaseFailed` with what does not render,
        or with what the cluster would not take.
        """
        with _values_file(values) as path:
            _render(chart, release.name, release.namespace, path, self._folder)
            words = ["upgrade", "--install", *self._place(release), "--values", str(path)]
            # A dry run prints Secrets, unless Helm is new enough to hide them.
            hidden = ["--hide-secret"] if self.version >= FIRST_HELM_HIDING_SECRETS else []
            words += ["--reset-values", "--dry-run=server", *hidden, "--output", "json", "--", release.name, str(chart)]
            tried = self._change(release, "dry run", words, "the cluster would not take the release")
            return _objects(json.loads(tried)["manifest"])

    def upgrade(self, release: Release, chart: Path, values: Path, description: str, timeout: float) -> None:
        """Install or upgrade a release with complete values.

        Helm does not wait for the rollout (docs/decisions/0004): in version 3 its wait ends too early, in version 4 it
        also waits for objects that have nothing to do with this deployment. The deploy stage watches the rollout.
        """
        words = ["upgrade", "--install", *self._place(release)]
        # Without --reset-values a removed key would keep its old value, and new defaults of the chart would be ignored.
        words += ["--values", str(values), "--reset-values", "--history-max", str(MAX_REVISIONS_KEPT)]
        words += ["--timeout", f"{timeout:.0f}s", "--description", description, "--", release.name, str(chart)]
        self._change(release, "upgrade", words, "Helm did not upgrade the release", timeout + HELM_EXIT_MARGIN_S)

    def rollback(self, release: Release, revision: int, timeout: float) -> None:
        """Make a new revision of an old one's objects; this also ends a pending revision."""
        words = ["rollback", *self._place(release), "--history-max", str(MAX_REVISIONS_KEPT)]
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
        _raise_for_failure(done, "Helm does not tell its version", "helm version")
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
        _raise_for_failure(done, f"the {what} of the release cannot be read", release.name)
        return done.stdout

    def _change(
        self, release: Release, what: str, words: Sequence[str], failure: str, timeout: float = HELM_CALL_TIMEOUT_S
    ) -> str:
        done = self._run(words, f"{what} of {release.name}", timeout)
        _raise_for_failure(done, failure, f"{release.name} in {release.namespace}")
        return done.stdout

    def _run(
        self, words: Sequence[str], what: str, timeout: float = HELM_CALL_TIMEOUT_S, *, reads: bool = False
    ) -> Result:
        try:
            return _call(words, what, timeout, cache=self._folder)
        except ReleaseFailed as error:
            # A call that changes something was ended in the middle: it is not begun once more.
            error.passes = reads and isinstance(error.__cause__, TimedOut)
            raise


class LocalCharts:
    """Lints and renders a chart without a cluster: `helm lint` and `helm template`."""

    def rendered(self, root: Path, chart: Chart, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """Return the objects that a chart renders from values; raises `ReleaseFailed` if it does not render or lint."""
        with _values_file(values) as path:
            return _parsed(_render(root / chart.path, chart.release, chart.namespace, path))


def _call(words: Sequence[str], what: str, timeout: float = HELM_CALL_TIMEOUT_S, cache: Path | None = None) -> Result:
    """Run Helm, without the caller's HELM_* variables, which could name another cluster.

    Raises `ReleaseFailed` if Helm is not installed or takes too long; `what` names the call in errors. Helm caches what
    it learns of a cluster in the folder `cache`; a call without a cluster needs none.
    """
    kept = {"KUBECACHEDIR": str(cache)} if cache else {}
    try:
        return run(["helm", *words], env=child_environment("AWS_", **kept), timeout=timeout, grace=HELM_KILL_GRACE_S)
    except FileNotFoundError as error:
        raise ReleaseFailed(
            "there is no Helm", where="PATH", why=str(error), next_step="install Helm 3.14 or newer, or Helm 4"
        ) from error
    except TimedOut as error:
        raise ReleaseFailed(
            f"Helm took too long: {what}", where="helm", why=f"{error}\n{tail(error.tail)}", next_step="run again"
        ) from error


def _raise_for_failure(done: Result, what: str, where: str) -> None:
    """Raise `ReleaseFailed` if a call failed, with Helm's own words and what to do about them."""
    if not done.code:
        return
    why = tail(without_notes(done.stderr), 8) or tail(done.stdout, 3)
    raise ReleaseFailed(what, where=where, why=why, next_step=next_step(done.stderr)).passing(if_so=text_passes(why))


def _render(chart: Path, release: str, namespace: str, values: Path, cache: Path | None = None) -> str:
    """Render a chart with a values file, and lint it.

    Raises `ReleaseFailed` with Helm's words for what does not render, and for each mistake that lint names.
    """
    given = ["--namespace", namespace, "--values", str(values)]
    done = _call(["template", *given, "--", release, str(chart)], f"rendering of {chart.name}", cache=cache)
    _raise_for_failure(done, "the chart does not render", str(chart))
    linted = _call(["lint", *given, "--", str(chart)], f"lint of {chart.name}", cache=cache)
    # On stderr lint prints only the number of mistakes; stdout names them.
    words = lint_mistakes(linted.stdout) or linted.stderr
    _raise_for_failure(replace(linted, stderr=words), "the chart has mistakes", str(chart))
    return done.stdout


@contextmanager
def _values_file(values: bytes) -> Iterator[Path]:
    """Provide a file with these values for the time of the block; no other user may read it."""
    with tempfile.NamedTemporaryFile(prefix="erp-build-values-", suffix=".yaml") as file:
        file.write(values)
        file.flush()
        yield Path(file.name)


def _parsed(manifest: str) -> tuple[dict[str, Any], ...]:
    """The objects of a manifest; empty documents are left out. Raises `ReleaseFailed` where it cannot be read."""
    from ruamel.yaml.error import YAMLError

    try:
        return tuple(item for item in yaml_reader("safe").load_all(manifest) if isinstance(item, dict))
    except (YAMLError, RecursionError) as error:
        # Without the message of the reader, which may quote a Secret.
        why = "it is nested too deeply" if isinstance(error, RecursionError) else "it is not YAML 1.2"
        raise ReleaseFailed(
            "what the chart renders cannot be read",
            where="helm",
            why=why,
            next_step="helm template shows it: simplify what is nested, or correct its YAML",
        ) from None


def _objects(manifest: str) -> tuple[Mapping[str, Any], ...]:
    """The objects of a manifest; Secrets are dropped here, so that no caller can show them."""
    return tuple(item for item in _parsed(manifest) if item.get("kind") not in (None, "Secret"))


def _leaf(values: Any, key: str) -> Any:
    return reduce(lambda node, part: node.get(part) if isinstance(node, dict) else None, key.split("."), values)
