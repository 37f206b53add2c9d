"""The `helm` program, versions 3 and 4. Its output repeats values, so only what we picked from it is shown."""

import json
from pathlib import Path

from erp_build.domain.release import Release, Revision
from erp_build.errors import ReleaseFailed
from erp_build.tools.kubeconfig import ClusterAccess
from erp_build.tools.process import Result, TimedOut, child_environment, run, tail

CHECK_SECONDS = 60.0
MARGIN = 60.0
"""Seconds that Helm gets over its own time-out to write the release's state before it is ended."""

HISTORY = 10
HINTS = {
    "another operation": "a run was cut off: helm history shows the pending revision, helm rollback ends it",
    "invalid ownership metadata": "another release owns these objects: was the release renamed?",
    "cannot be imported": "another release owns these objects: was the release renamed?",
    "field is immutable": "the chart changes a field that cannot be changed: delete the object first",
    "updates to statefulset spec": "the chart changes a field that cannot be changed: delete the object first",
    "forbidden": "give the role an access policy for this namespace",
    # Helm calls a cluster unreachable too where it answers and does not know the caller.
    "getting credentials": "the sign-in to the cluster failed: what is missing stands above Helm's message",
    "provide credentials": "the cluster does not know this role: add an access entry for it",
    "not found": "create what is missing (the namespace belongs to the cluster's set-up)",
    "unreachable": "check the network of the build, then run again",
    "timed out": "raise `timeout` in [chart], or look at the pods",
    "deadline exceeded": "raise `timeout` in [chart], or look at the pods",
    "nil pointer": "a value that the template needs is missing: helm template shows the same",
    "parse error": "mend the template that is named: helm template shows the same",
}


class HelmProgram:
    """Runs `helm` with a kubeconfig of ours and without the caller's HELM_* variables."""

    def __init__(self, access: ClusterAccess) -> None:
        self._access = access

    def history(self, release: Release) -> tuple[Revision, ...]:
        """The revisions of a release, oldest first; empty when there is no release."""
        done = self._run(
            ["history", release.name, *self._place(release), "--output", "json", "--max", str(HISTORY)],
            f"history of {release.name}",
        )
        if done.code and "release: not found" in done.stderr:
            return ()
        self._check(done, "the history of the release cannot be read", release.name)
        return tuple(
            Revision(
                number=int(item["revision"]),
                status=item["status"],
                description=item.get("description", ""),
                updated=item.get("updated", ""),
            )
            for item in json.loads(done.stdout)
        )

    def check_chart(self, release: Release, chart: Path, values: Path) -> None:
        """Render the chart without the cluster; raises `ReleaseFailed` with what does not render."""
        done = self._run(
            ["template", release.name, str(chart), "--namespace", release.namespace, "--values", str(values)],
            f"rendering of {chart.name}",
        )
        self._check(done, "the chart does not render", str(chart))

    def upgrade(self, release: Release, chart: Path, values: Path, description: str, timeout: float) -> None:
        """Install or upgrade a release with complete values.

        Helm does not wait for the rollout: in version 3 its wait ends too early, in version 4 it also waits for objects
        that have nothing to do with this deployment. The rollout is watched by the deploy stage.
        """
        words = ["upgrade", release.name, str(chart), "--install", *self._place(release)]
        words += ["--values", str(values), "--reset-values", "--history-max", str(HISTORY)]
        words += ["--timeout", f"{timeout:.0f}s", "--description", description]
        done = self._run(words, f"upgrade of {release.name}", timeout + MARGIN)
        self._check(done, "Helm did not upgrade the release", f"{release.name} in {release.namespace}")

    def _place(self, release: Release) -> list[str]:
        kubeconfig = self._access.to(release.cluster).kubeconfig
        return ["--namespace", release.namespace, "--kubeconfig", str(kubeconfig)]

    def _run(self, words: list[str], what: str, timeout: float = CHECK_SECONDS) -> Result:
        try:
            return run(["helm", *words], env=child_environment("AWS_"), timeout=timeout)
        except FileNotFoundError as error:
            raise ReleaseFailed(
                "there is no Helm", where="PATH", why=str(error), next_step="install Helm 3.14 or newer, or Helm 4"
            ) from error
        except TimedOut as error:
            raise ReleaseFailed(
                f"Helm took too long: {what}", where="helm", why=f"{error}\n{tail(error.tail)}", next_step="run again"
            ) from error

    @staticmethod
    def _check(done: Result, what: str, where: str) -> None:
        if done.code:
            why = tail("\n".join(line for line in done.stderr.splitlines() if not line.startswith(("W", "I"))), 8)
            hint = next((hint for part, hint in HINTS.items() if part in done.stderr.lower()), "see Helm's message")
            raise ReleaseFailed(what, where=where, why=why or tail(done.stdout, 3), next_step=hint)
