"""Stands in for what runs where nobody asks it: `build` needs neither a cluster nor Lambda, and no rights there."""

from dataclasses import replace
from typing import cast

from erp_build.clients.protocols import Clients, Cluster, Functions


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
