"""What a deployment needs of a cluster, by the objects that its chart makes and by those that run.

Helm 3 and 4 read each object (`get`) before they make it (`create`) or change it (`patch`). Version 4 makes objects by
server-side apply as well, which is a `patch` that needs `create` where the object is not there yet. What a chart has
lost is deleted; so is, when a deployment is taken back, what it has added. Neither version updates by `update`: only
the records of the release are written so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from erp_build.deployment.rights.given import given_rights
from erp_build.formats.kubernetes.hooks import OF_DEPLOYMENTS, OF_REMOVAL, events_of, is_hook
from erp_build.formats.kubernetes.manifest import flattened
from erp_build.formats.kubernetes.target_bindings import may_have_bindings
from erp_build.model.releases.rights import Kind, Need, Resource, Resources, Right, Why

Object = Mapping[str, Any]

RESOURCE_POLICY = "helm.sh/resource-policy"
WATCHED_BY_EVERY_HELM = ("Job", "Pod")
"""The kinds of hooks whose end Helm 3 waits for; version 4 watches hooks of every kind."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
"""The kinds that make pods, which the watch of a rollout reads in their own namespaces."""

OWN = (
    (Why.RECORDS, "", "secrets", ("get", "list", "create", "update", "delete")),
    (Why.WATCH, "apps", "deployments", ("list",)),
    (Why.WATCH, "apps", "replicasets", ("list",)),
    (Why.WATCH, "", "pods", ("list",)),
    (Why.WATCH, "", "services", ("list",)),
    (Why.WATCH, "autoscaling", "horizontalpodautoscalers", ("list",)),
    (Why.WATCH, "discovery.k8s.io", "endpointslices", ("list",)),
    (Why.LOCK, "coordination.k8s.io", "leases", ("get", "create", "update")),
)
"""What is done in the namespace of every release: what for, API group, resource and verbs."""

EVIDENCE = (("events", "list"), ("pods/log", "get"))
"""What is read of a namespace after a failure, and left out where it may not be read."""


def kind_of(item: Object) -> Kind:
    """The kind of an object."""
    return Kind(str(item.get("apiVersion", "")), str(item.get("kind", "")))


def needs_of(
    rendered: Sequence[Object], running: Sequence[Object], known: Resources, namespace: str
) -> tuple[Need, ...]:
    """Everything that a deployment needs, each right once.

    Args:
        rendered: the objects of the chart, with its hooks; of Secrets kind and metadata are enough.
        running: the objects of the running release; empty for a first installation.
        known: the resources of their kinds. An object of a kind that is not among them is left out.
        namespace: of the release, in which objects are that name no other.
    """
    new, old = ([one for one in flattened(objects) if kind_of(one) in known] for objects in (rendered, running))
    placed = {_identity(one, known, namespace): one for one in old}
    wanted = {_identity(one, known, namespace) for one in new}
    found = [*_own(namespace), *_of_bindings(new, namespace)]
    changed = []
    for item in new:
        before = placed.get(_identity(item, known, namespace))
        is_added, is_changed = bool(placed) and before is None, before != item
        changed += [item] if is_changed else []
        found += (
            _of_hook(item, known, namespace) if is_hook(item) else _of_object(item, known, namespace, is_added=is_added)
        )
        found += _of_watch(item, known, namespace, is_changed=is_changed)
    for identity, item in placed.items():
        if identity not in wanted:
            found += _of_lost(item, known, namespace)
    # What stays as it is is not written, so the API does not ask for the rights that it gives.
    found += given_rights(new, changed, namespace)
    return _each_once(found)


def _own(namespace: str) -> Iterator[Need]:
    for why, group, resource, verbs in OWN:
        yield from (Need(Right(namespace, group, resource, verb), why) for verb in verbs)
    yield from _evidence(namespace)
    yield Need(Right("", "", "nodes", "list"), Why.NODES, is_fatal=False)


def _of_bindings(objects: Sequence[Object], namespace: str) -> Iterator[Need]:
    """Behind a rollout the targets of load balancers are read, where the release has any."""
    if may_have_bindings(objects):
        yield Need(Right(namespace, "elbv2.k8s.aws", "targetgroupbindings", "list"), Why.WATCH, is_fatal=False)


def _evidence(namespace: str) -> Iterator[Need]:
    yield from (Need(Right(namespace, "", *what), Why.WATCH, is_fatal=False) for what in EVIDENCE)


def _of_object(item: Object, known: Resources, namespace: str, *, is_added: bool) -> Iterator[Need]:
    for verb in ("get", "create", "patch"):
        yield Need(_right(item, known, namespace, verb), Why.CHART)
    # The chart may lose it later, or the whole release be removed: a role should allow it, but this deployment can do
    # without, unless it adds the object and is taken back.
    yield Need(_right(item, known, namespace, "delete"), Why.CHART, is_fatal=is_added)


def _of_lost(item: Object, known: Resources, namespace: str) -> Iterator[Need]:
    if _annotations(item).get(RESOURCE_POLICY) != "keep":
        yield from (Need(_right(item, known, namespace, verb), Why.CHART) for verb in ("get", "delete"))


def _of_hook(item: Object, known: Resources, namespace: str) -> Iterator[Need]:
    events = events_of(item)
    runs = any(event in OF_DEPLOYMENTS for event in events)
    if not runs and not any(event in OF_REMOVAL for event in events):
        return
    for verb in ("get", "create", "patch", "delete"):
        yield Need(_right(item, known, namespace, verb), Why.HOOKS, is_fatal=runs)
    for verb in ("list", "watch"):
        is_fatal = runs and item.get("kind") in WATCHED_BY_EVERY_HELM
        yield Need(_right(item, known, namespace, verb), Why.HOOKS, is_fatal=is_fatal)


def _of_watch(item: Object, known: Resources, namespace: str, *, is_changed: bool) -> Iterator[Need]:
    """What changes has to be watched; of the rest a run only says whether it is well."""
    if item.get("kind") not in WORKLOADS or is_hook(item):
        return
    listed = _right(item, known, namespace, "list")
    yield Need(listed, Why.WATCH, is_fatal=is_changed)
    yield Need(Right(listed.namespace, "", "pods", "list"), Why.WATCH, is_fatal=is_changed)
    if item.get("kind") == "Deployment":
        yield Need(Right(listed.namespace, "apps", "replicasets", "list"), Why.WATCH, is_fatal=is_changed)
    yield from _evidence(listed.namespace)


def _right(item: Object, known: Resources, namespace: str, verb: str) -> Right:
    kind = kind_of(item)
    resource = known[kind]
    return Right(place_of(item, resource, namespace), kind.group, resource.plural, verb)


def place_of(item: Object, resource: Resource, namespace: str) -> str:
    """The namespace of an object; empty for one that is in none, whatever it says."""
    if not resource.is_namespaced:
        return ""
    return str((item.get("metadata") or {}).get("namespace") or namespace)


def _identity(item: Object, known: Resources, namespace: str) -> tuple[str, str, str, str]:
    kind = kind_of(item)
    name = str((item.get("metadata") or {}).get("name", ""))
    return kind.group, kind.name, place_of(item, known[kind], namespace), name


def _annotations(item: Object) -> Mapping[str, Any]:
    found = (item.get("metadata") or {}).get("annotations")
    return found if isinstance(found, Mapping) else {}


def _each_once(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Each right by its first need, and fatal if it is so anywhere; what stands in for it must do so for every need."""
    found: dict[Right, Need] = {}
    for need in needs:
        before = found.setdefault(need.right, need)
        is_fatal = before.is_fatal or need.is_fatal
        both = before.instead and need.instead
        instead = tuple(dict.fromkeys((*before.instead, *need.instead))) if both else ()
        found[need.right] = before._replace(is_fatal=is_fatal, instead=instead)
    return tuple(found.values())
