"""The objects of a release that run code once: by a hook, or because an upgrade makes or changes them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from erp_build.deployment.rollout.changed import Manifest, changed_workloads
from erp_build.formats.kubernetes.hooks import OF_DEPLOYMENTS, events_of
from erp_build.model.releases.preview import Migration
from erp_build.model.releases.release import HookRun

KINDS_THAT_RUN_ONCE = ("Job", "Pod", "Workflow", "PipelineRun", "TaskRun", "AtlasMigration", "AtlasSchema")
"""Kinds of objects that run code once: those of Kubernetes, Argo Workflows, Tekton, and the Atlas operator."""

OF_UPGRADE, OF_INSTALLATION = ("pre-upgrade", "post-upgrade"), ("pre-install", "post-install")
OF_ROLLBACK = ("pre-rollback", "post-rollback")


def hooks_to_run(hooks: Iterable[Mapping[str, Any]], events: Iterable[str]) -> Iterator[Migration]:
    """The hooks of a chart that run code at one of these events."""
    for item in hooks:
        name = f"{item.get('kind')} {(item.get('metadata') or {}).get('name', '')}"
        if item.get("kind") in KINDS_THAT_RUN_ONCE and (at := at_events(events_of(item), events)):
            yield Migration(name, "hook", at)


def hooks_that_ran(runs: Iterable[HookRun], events: Iterable[str]) -> Iterator[Migration]:
    """The hooks of a revision that have run code, at these events or at others of a deployment.

    A rollback that fails is not called one by Helm any more, but it may have run its hooks.
    """
    for run in runs:
        at = at_events(run.events, events) or at_events(run.events, OF_DEPLOYMENTS)
        if run.kind in KINDS_THAT_RUN_ONCE and at:
            yield Migration(f"{run.kind} {run.name}", "hook", at)


def at_events(of_hook: Iterable[str], events: Iterable[str]) -> str:
    """Those events of a hook that are among others, in words; empty: none is."""
    wanted = tuple(events)
    return ", ".join(event for event in of_hook if event in wanted)


def objects_to_run(before: Manifest, after: Manifest, namespace: str) -> Iterator[Migration]:
    """The objects that run code once, and that an upgrade from one manifest to another makes or changes."""
    for name in changed_workloads(before, after, namespace, KINDS_THAT_RUN_ONCE):
        yield Migration(str(name), "object")
