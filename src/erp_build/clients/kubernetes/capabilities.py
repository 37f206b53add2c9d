"""Reads what a cluster can do, so that a chart renders without it as it will on it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from erp_build.clients.kubernetes.connection import ClusterConnection, Refused
from erp_build.model.releases.capabilities import Capabilities
from erp_build.model.releases.release import Release

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""Asks for all kinds at once (Kubernetes 1.30); an older server answers with the groups alone."""

ACCEPT = f"{AGGREGATED}, application/json"


def read_capabilities(connection: ClusterConnection, release: Release) -> Capabilities:
    """Return the version and the APIs of a release's cluster; nothing where the caller may not ask."""
    try:
        version = str(connection.ask(release, "version/").document.get("gitVersion") or "")
        found = {
            name for path in ("api", "apis") for name in _apis(connection.ask(release, path, accept=ACCEPT).document)
        }
    except Refused:
        return Capabilities()
    return Capabilities(version, tuple(sorted(found)))


def _apis(document: Mapping[str, Any]) -> Iterator[str]:
    """Versions and kinds in an answer of discovery, in any of its forms."""
    for version in document.get("versions") or ():
        # The core group of an older server.
        yield str(version)
    for group in document.get("groups") or ():
        yield from (str(one["groupVersion"]) for one in group.get("versions") or ())
    for group in document.get("items") or ():
        name = (group.get("metadata") or {}).get("name") or ""
        for version in group.get("versions") or ():
            place = f"{name}/{version['version']}".lstrip("/")
            yield place
            yield from (f"{place}/{kind}" for kind in _kinds(version.get("resources") or ()))


def _kinds(resources: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for resource in resources:
        for one in (resource, *(resource.get("subresources") or ())):
            if kind := (one.get("responseKind") or {}).get("kind"):
                yield str(kind)
