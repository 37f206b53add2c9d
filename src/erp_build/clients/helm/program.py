"""The `helm` program, versions 3 and 4. Its output repeats values, so only picked parts of it are passed on."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from erp_build.clients.helm.call import HELM_CALL_TIMEOUT_S, OLDEST_HELM, call_helm, raise_for_helm_failure
from erp_build.clients.helm.local_charts import parse_manifest, render, temporary_values_file
from erp_build.clients.kubernetes.kubeconfig import ClusterAccess
from erp_build.clients.process import Result
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.release import Release, Revision

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
        self._version: tuple[int, int] | None = None

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions of a release, oldest first; empty when there is no release."""
        options = [*self._place(release), "--output", "json", "--max", str(MAX_REVISIONS_KEPT)]
        done = self._run(["history", *options, "--", release.name], f"history of {release.name}")
        # Helm exits with 1 for every error; only this text means that there is no release.
        if done.code and "release: not found" in done.stderr:
            return ()
        raise_for_helm_failure(done, "the history of the release cannot be read", release.name)
        return tuple(
            Revision(
                number=int(item["revision"]),
                status=item["status"],
                description=item.get("description", ""),
                updated=item.get("updated", ""),
            )
            for item in json.loads(done.stdout)
        )

    def values_of(self, release: Release, keys: Sequence[str], revision: int | None = None) -> dict[str, str]:
        """Return some values of a revision (None: the newest) by their dotted keys, without those that do not exist."""
        which = ["--revision", str(revision)] if revision else []
        done = self._run(
            ["get", "values", *self._place(release), "--all", "--output", "json", *which, "--", release.name],
            f"values of {release.name}",
        )
        raise_for_helm_failure(done, "the values of the release cannot be read", release.name)
        values = json.loads(done.stdout)
        found = {key: _leaf(values, key) for key in keys}
        return {key: str(value) for key, value in found.items() if value is not None}

    def objects(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """Return the Deployments and autoscalers of the newest revision's manifest."""
        wanted = ("Deployment", "HorizontalPodAutoscaler")
        return tuple(item for item in self.manifest(release) if item["kind"] in wanted)

    def manifest(self, release: Release) -> tuple[Mapping[str, Any], ...]:
        """Every object of the newest revision but its Secrets; none where there is no release."""
        done = self._run(["get", "manifest", *self._place(release), "--", release.name], f"manifest of {release.name}")
        if done.code and "release: not found" in done.stderr:
            return ()
        raise_for_helm_failure(done, "the manifest of the release cannot be read", release.name)
        return _objects(done.stdout)

    def check_chart(self, release: Release, chart: Path, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """Render the chart without the cluster, lint it, and try it on the cluster, which changes nothing.

        Returns the objects that the cluster would take, but Secrets; raises `ReleaseFailed` with what does not render,
        or with what the cluster would not take.
        """
        with temporary_values_file(values) as path:
            render(chart, release.name, release.namespace, path, self._folder)
            words = ["upgrade", "--install", *self._place(release), "--values", str(path)]
            # A dry run prints Secrets, unless Helm is new enough to hide them.
            hidden = ["--hide-secret"] if self.version >= FIRST_HELM_HIDING_SECRETS else []
            words += ["--reset-values", "--dry-run=server", *hidden, "--output", "json", "--", release.name, str(chart)]
            done = self._run(words, f"dry run of {release.name}")
            raise_for_helm_failure(
                done, "the cluster would not take the release", f"{release.name} in {release.namespace}"
            )
            return _objects(json.loads(done.stdout)["manifest"])

    def upgrade(self, release: Release, chart: Path, values: Path, description: str, timeout: float) -> None:
        """Install or upgrade a release with complete values.

        Helm does not wait for the rollout (docs/decisions/0004): in version 3 its wait ends too early, in version 4 it
        also waits for objects that have nothing to do with this deployment. The deploy stage watches the rollout.
        """
        words = ["upgrade", "--install", *self._place(release)]
        # Without --reset-values a removed key would keep its old value, and new defaults of the chart would be ignored.
        words += ["--values", str(values), "--reset-values", "--history-max", str(MAX_REVISIONS_KEPT)]
        words += ["--timeout", f"{timeout:.0f}s", "--description", description, "--", release.name, str(chart)]
        done = self._run(words, f"upgrade of {release.name}", timeout + HELM_EXIT_MARGIN_S)
        raise_for_helm_failure(done, "Helm did not upgrade the release", f"{release.name} in {release.namespace}")

    def rollback(self, release: Release, revision: int, timeout: float) -> None:
        """Make a new revision of an old one's objects; this also ends a pending revision."""
        words = ["rollback", *self._place(release), "--history-max", str(MAX_REVISIONS_KEPT)]
        words += ["--timeout", f"{timeout:.0f}s", "--", release.name, str(revision)]
        done = self._run(words, f"rollback of {release.name}", timeout + HELM_EXIT_MARGIN_S)
        raise_for_helm_failure(done, "Helm did not roll the release back", f"{release.name} in {release.namespace}")

    def uninstall(self, release: Release) -> None:
        """Remove a release and all of its objects."""
        done = self._run(["uninstall", *self._place(release), "--", release.name], f"removal of {release.name}")
        raise_for_helm_failure(done, "Helm did not remove the release", f"{release.name} in {release.namespace}")

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor version; raises `ReleaseFailed` for one that is too old."""
        if self._version is None:
            done = self._run(["version", "--template", "{{.Version}}"], "version")
            raise_for_helm_failure(done, "Helm does not tell its version", "helm version")
            found = re.match(r"v?(\d+)\.(\d+)", done.stdout.strip())
            self._version = (int(found[1]), int(found[2])) if found else (0, 0)
        if self._version < OLDEST_HELM:
            raise ReleaseFailed(
                "Helm is too old",
                where="PATH",
                why=f"it is version {'.'.join(map(str, self._version))}",
                next_step="install Helm 3.14 or newer, or Helm 4",
            )
        return self._version

    def _place(self, release: Release) -> list[str]:
        # Writes the token's file, so that Helm's credential plugin need not sign a token at every call.
        self._access.token(release.cluster)
        kubeconfig = self._access.to(release.cluster).kubeconfig
        return ["--namespace", release.namespace, "--kubeconfig", str(kubeconfig)]

    def _run(self, words: Sequence[str], what: str, timeout: float = HELM_CALL_TIMEOUT_S) -> Result:
        return call_helm(words, what, timeout, cache=self._folder)


def _objects(manifest: str) -> tuple[Mapping[str, Any], ...]:
    """The objects of a manifest; Secrets are dropped here, so that no caller can show them."""
    return tuple(item for item in parse_manifest(manifest) if item.get("kind") not in (None, "Secret"))


def _leaf(values: Any, key: str) -> Any:
    return reduce(lambda node, part: node.get(part) if isinstance(node, dict) else None, key.split("."), values)
