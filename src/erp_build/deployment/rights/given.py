"""The rights that a chart's own roles and bindings give away: nobody may give what he does not have.

The API lets a role be written by who has each of its rules where the role counts, or the verb `escalate` on it; a
binding by who has the rules of the role that it binds, or the verb `bind` on that role.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from erp_build.model.releases.rights import URLS, Need, Right, Why

Object = Mapping[str, Any]
RBAC = "rbac.authorization.k8s.io"
PLURALS = {"Role": "roles", "ClusterRole": "clusterroles"}
EVERYTHING: Sequence[Object] = (
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)
"""What an aggregated ClusterRole may come to hold, so the API asks for all of it."""


def given_rights(objects: Sequence[Object], changed: Sequence[Object], namespace: str) -> Iterator[Need]:
    """What is needed to write the roles and bindings of a chart.

    Args:
        objects: of the chart; a binding may lead to one of its roles.
        changed: those that are written.
        namespace: of the release.
    """
    roles = {
        (str(one["kind"]), _place(one, namespace), _name(one)): one
        for one in objects
        if one.get("kind") in PLURALS and _is_rbac(one)
    }
    for item in changed:
        if not _is_rbac(item):
            continue
        place = _place(item, namespace)
        if item.get("kind") in PLURALS:
            escalate = Right(place, RBAC, PLURALS[str(item["kind"])], "escalate", _name(item))
            yield from _held(item, place, escalate)
        elif item.get("kind") in ("RoleBinding", "ClusterRoleBinding"):
            yield from _bound(item, place, roles)


def rights_of_role(role: Object, place: str) -> frozenset[Right]:
    """Every right that a role gives, in a namespace or in the whole cluster."""
    return frozenset(need.right for need in _held(role, place, Right("", "", "", "")))


def _bound(binding: Object, place: str, roles: Mapping[tuple[str, str, str], Object]) -> Iterator[Need]:
    leads_to = binding.get("roleRef") or {}
    kind, name = str(leads_to.get("kind")), str(leads_to.get("name"))
    if kind not in PLURALS:
        return
    bind = Right(place, RBAC, PLURALS[kind], "bind", name)
    role = roles.get((kind, place if kind == "Role" else "", name))
    if role is None:
        # What a role of somebody else allows may change at any time, so its rules are not what should be written.
        yield Need(bind, Why.BOUND)
    else:
        yield from _held(role, place, bind)


def _held(role: Object, place: str, instead: Right) -> Iterator[Need]:
    """Each rule of a role as rights in a namespace, or in the whole cluster."""
    is_aggregated = bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))
    for rule in (*_listed(role, "rules"), *(EVERYTHING if is_aggregated else ())):
        verbs = _listed(rule, "verbs")
        names = _listed(rule, "resourceNames") or [""]
        for group, resource, verb, name in product(
            _listed(rule, "apiGroups"), _listed(rule, "resources"), verbs, names
        ):
            yield Need(Right(place, str(group), str(resource), str(verb), str(name)), Why.GIVEN, instead=(instead,))
        for path, verb in product(_listed(rule, "nonResourceURLs"), verbs):
            # A path belongs to no namespace.
            yield Need(Right("", URLS, str(path), str(verb)), Why.GIVEN, instead=(instead,))


def _listed(item: Object, key: str) -> list[Any]:
    found = item.get(key)
    return found if isinstance(found, list) else []


def _is_rbac(item: Object) -> bool:
    return str(item.get("apiVersion", "")).startswith(f"{RBAC}/")


def _place(item: Object, namespace: str) -> str:
    if str(item.get("kind")).startswith("Cluster"):
        return ""
    return str((item.get("metadata") or {}).get("namespace") or namespace)


def _name(item: Object) -> str:
    return str((item.get("metadata") or {}).get("name", ""))
