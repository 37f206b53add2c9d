"""Helm's hooks: which objects are hooks, when Helm runs them, and which ones ran with a revision.

Helm writes the begin of a hook into the record of its revision before it makes the hook's object, so that a hook whose
begin is not there has not run (`execHook` in pkg/action/hooks.go of Helm 3 and 4).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from erp_build.model.releases.release import HookRun

HOOK = "helm.sh/hook"
OF_DEPLOYMENTS = ("pre-install", "post-install", "pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback")
OF_REMOVAL = ("pre-delete", "post-delete")
EVENTS = (*OF_DEPLOYMENTS, *OF_REMOVAL, "test", "test-success")
"""Every event that Helm knows. It leaves out an object that names another one."""

_TIME = '.Format "2006-01-02T15:04:05.999999999Z07:00"'
RECORD_TEMPLATE = (
    f'{{{{.Release.Info.LastDeployed{_TIME}}}}}{{{{"\\n"}}}}'
    '{{range .Release.Hooks}}{{.Kind}}{{"\\t"}}{{.Name}}{{"\\t"}}{{.LastRun.Phase}}{{"\\t"}}'
    f'{{{{.LastRun.StartedAt{_TIME}}}}}{{{{"\\t"}}}}'
    '{{range .Events}}{{.}},{{end}}{{"\\n"}}{{end}}'
)
"""Of the record of a revision when it was made, and a line per hook; values, manifests and Secrets stay where they are.

It is for `helm get all --template`: `helm status` has the same, but reads every object of the release in the cluster.
"""


def is_hook(item: Mapping[str, Any]) -> bool:
    """Whether Helm runs the object as a hook, and does not count it among the objects of the release."""
    return HOOK in _annotations(item)


def events_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The events at which Helm runs an object; none for one that is no hook, or that Helm leaves out."""
    if not is_hook(item):
        return ()
    events = tuple(event.strip().lower() for event in str(_annotations(item)[HOOK]).split(","))
    return events if set(events) <= set(EVENTS) else ()


def hook_runs(record: str) -> Iterator[HookRun]:
    """The hooks that ran with a revision, of what `RECORD_TEMPLATE` prints.

    A rollback takes over the hooks of the revision that it repeats with the times of those: they are left out. One
    whose begin cannot be read has run.
    """
    made, *lines = record.splitlines() or [""]
    for line in lines:
        kind, name, phase, began, events = line.split("\t")
        if phase and not _is_before(began, made):
            yield HookRun(kind=kind, name=name, phase=phase, events=tuple(filter(None, events.split(","))))


def _is_before(one: str, other: str) -> bool:
    try:
        return datetime.fromisoformat(one) < datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return False


def _annotations(item: Mapping[str, Any]) -> Mapping[str, Any]:
    about = item.get("metadata")
    found = about.get("annotations") if isinstance(about, Mapping) else None
    return found if isinstance(found, Mapping) else {}
