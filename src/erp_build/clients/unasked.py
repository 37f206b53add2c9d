"""Stands in for what runs where nobody asks it.

`build` needs neither a cluster nor Lambda, and no rights there. A function that is deployed by itself has no release.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from erp_build.clients.protocols import Clients, Cluster, Functions
from erp_build.model.project import Project
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.kubernetes import ObjectName, Workload
from erp_build.model.releases.release import Release, Revision

if TYPE_CHECKING:
    from erp_build.clients.helm.protocol import Helm


class Unasked:
    """Says of where an image will run that it is not known.

    `run` compares the platform of an image when it takes it from the registry.
    """

    def architectures(self, cluster: str) -> frozenset[str]:  # noqa: ARG002 - the signature of the cluster
        """Of no node."""
        return frozenset()

    def state(self, name: str) -> None:
        """Of no function."""


def without_what_runs(clients: Clients) -> Clients:
    """Return the same clients, of which cluster and Lambda are not asked."""
    unasked = Unasked()
    return replace(clients, cluster=cast("Cluster", unasked), functions=cast("Functions", unasked))


class NoRelease:
    """Says of a release that there is none, for a function that is deployed by itself; only nodes are asked about."""

    def __init__(self, cluster: Cluster) -> None:
        self.architectures = cluster.architectures

    def workloads(
        self,
        release: Release,  # noqa: ARG002
        also: Collection[ObjectName] = (),  # noqa: ARG002
        only: Collection[str] | None = None,  # noqa: ARG002
    ) -> tuple[Workload, ...]:
        """None, and so neither Services nor pods that could be asked about."""
        return ()

    def target_bindings(self, release: Release) -> tuple[Mapping[str, Any], ...]:  # noqa: ARG002 - as above
        """None: those of the namespace are of others."""
        return ()

    def manifest(self, release: Release, revision: int | None = None) -> tuple[Mapping[str, Any], ...]:  # noqa: ARG002
        """No object."""
        return ()

    def events(self, release: Release) -> tuple[ClusterEvent, ...]:  # noqa: ARG002 - the signature of the cluster
        """None: those of the namespace are about others."""
        return ()

    def history(self, release: Release) -> tuple[Revision, ...]:  # noqa: ARG002 - the signature of Helm
        """No revision, so that nothing else of the release is asked."""
        return ()


def clients_of(unit: Project, clients: Clients) -> Clients:
    """The clients of one unit: those given, of which cluster and Helm are not asked about the release of others."""
    if unit.has_release:
        return clients
    none = NoRelease(clients.cluster)
    return replace(clients, cluster=cast("Cluster", none), helm=cast("Helm", none))
