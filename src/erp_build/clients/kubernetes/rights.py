"""Asks a cluster which kinds it serves, and what the caller may do there."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from erp_build.clients.kubernetes.connection import ClusterConnection, Refused
from erp_build.clients.machine.parallel import map_until_error
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import URLS, Kind, Resource, Right

ACCESS_REVIEWS = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

AT_ONCE = 8
"""Calls at the same time; the connection of a cluster keeps ten open."""

Item = TypeVar("Item")
Done = TypeVar("Done")


def served(connection: ClusterConnection, release: Release, kinds: Iterable[Kind]) -> dict[Kind, Resource]:
    """The resources of those kinds that the cluster serves in the version that they name."""
    wanted = set(kinds)
    versions = sorted({kind.api_version for kind in wanted})
    answers = _fan_out(lambda version: list(_listed(connection, release, version)), versions)
    found = {kind: resource for answer in answers for kind, resource in answer}
    return {kind: found[kind] for kind in wanted if kind in found}


def served_versions(connection: ClusterConnection, release: Release, group: str) -> tuple[str, ...]:
    """The versions of an API group that the cluster serves, as `group/version`; none where it has no such group."""
    path = f"apis/{quote(group, safe='')}" if group else "api"
    answer = connection.ask(release, path, expected=(HTTPStatus.NOT_FOUND,))
    if answer.status == HTTPStatus.NOT_FOUND:
        return ()
    # The core group lists its versions by name alone.
    return tuple(one if isinstance(one, str) else one["groupVersion"] for one in answer.document["versions"])


def role(connection: ClusterConnection, release: Release, named: Right) -> Mapping[str, Any] | None:
    """The role that a right names, such as the right to bind it; None where it may not be read or is not there."""
    place = f"namespaces/{quote(named.namespace, safe='')}/" if named.resource == "roles" else ""
    path = f"apis/rbac.authorization.k8s.io/v1/{place}{named.resource}/{quote(named.name, safe='')}"
    with suppress(Refused):
        return connection.ask(release, path).document
    return None


def missing_rights(connection: ClusterConnection, release: Release, rights: Iterable[Right]) -> frozenset[Right]:
    """Those of the rights that the caller does not have; asks one review for each, several at once."""
    asked = sorted(set(rights))
    allowed = _fan_out(lambda right: _is_allowed(connection, release, right), asked)
    return frozenset(right for right, is_allowed in zip(asked, allowed, strict=True) if not is_allowed)


def _listed(connection: ClusterConnection, release: Release, version: str) -> Iterator[tuple[Kind, Resource]]:
    if not version:
        return
    path = f"{'apis' if '/' in version else 'api'}/{quote(version)}"
    answer = connection.ask(release, path, expected=(HTTPStatus.NOT_FOUND,))
    if answer.status == HTTPStatus.NOT_FOUND:
        return
    for one in answer.document["resources"] or ():
        # A subresource, such as `deployments/scale`, has a kind of its own.
        if "/" not in one["name"]:
            yield Kind(version, one["kind"]), Resource(one["name"], one["namespaced"])


def _is_allowed(connection: ClusterConnection, release: Release, right: Right) -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": _attributes(right),
    }
    answer = connection.ask(release, ACCESS_REVIEWS, method="POST", body=review)
    allowed = answer.document["status"]["allowed"]
    if not isinstance(allowed, bool):
        raise TypeError("`allowed` of a review is neither true nor false")
    return allowed


def _attributes(right: Right) -> dict[str, Any]:
    if right.group == URLS:
        return {"nonResourceAttributes": {"path": right.resource, "verb": right.verb}}
    resource, _, subresource = right.resource.partition("/")
    wanted = {
        "namespace": right.namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "name": right.name,
    }
    return {"resourceAttributes": {key: value for key, value in wanted.items() if value}}


def _fan_out(work: Callable[[Item], Done], items: Iterable[Item]) -> tuple[Done, ...]:
    """Do work for each item, several at once; the first alone, which opens the connection and signs in."""
    listed = list(items)
    first = tuple(work(one) for one in listed[:1])
    return (*first, *map_until_error(work, listed[1:], min(AT_ONCE, len(listed))))
