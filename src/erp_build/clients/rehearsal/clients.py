"""The clients of a rehearsal: they read for real, and assume every change."""

from dataclasses import replace

from erp_build.clients.effects import Journal, NotedEffects
from erp_build.clients.protocols import Clients
from erp_build.clients.rehearsal import readers
from erp_build.clients.rehearsal.effects import RehearsedEffects


def rehearsed(clients: Clients, journal: Journal) -> Clients:
    """Return the same clients with assumed effects, and readers that show them as if they had happened."""
    assumed = RehearsedEffects()
    return replace(
        clients,
        registry=readers.RehearsedRegistry(clients.registry, assumed),
        evidence=readers.RehearsedEvidence(clients.evidence, assumed),
        fleet=readers.RehearsedFleet(clients.fleet, assumed),
        functions=readers.RehearsedFunctions(clients.functions, assumed),
        cluster=readers.RehearsedCluster(clients.cluster, assumed),
        log_groups=readers.RehearsedLogGroups(clients.log_groups, assumed),
        health=readers.RehearsedHealth(clients.health, assumed),
        traces=readers.RehearsedTraces(clients.traces, assumed),
        helm=readers.RehearsedHelm(clients.helm, assumed),
        leases=readers.RehearsedLeases(clients.leases, assumed),
        effects=NotedEffects(assumed, journal, "assumed"),
    )
