"""The Lease that locks a release. All times are the API server's own, so that no two clocks have to agree."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from kubernetes import client as kubernetes

from erp_build.domain.lock import Lease, LeaseReading
from erp_build.domain.release import Release
from erp_build.errors import ReleaseFailed
from erp_build.tools.connection import TIMEOUT, ClusterConnection

COMMIT, BUILD, RECORD = "erp-build/commit", "erp-build/build", "erp-build/deployments"
FAILED = "erp-build/failed"
CONFLICT, MISSING = 409, 404


def lease_name(release: Release) -> str:
    """The name of a release's Lease in its namespace."""
    return f"erp-build-{release.name}"


class ClusterLeases:
    """Reads and writes Leases; a write replaces exactly the version that was read."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._connection = connection

    def read(self, release: Release) -> LeaseReading:
        """The lease of a release and the server's time."""
        api = kubernetes.CoordinationV1Api(self._connection.client(release))
        with self._connection.asking(release):
            try:
                found, _, headers = api.read_namespaced_lease_with_http_info(
                    lease_name(release), release.namespace, _request_timeout=TIMEOUT
                )
            except kubernetes.ApiException as error:
                if error.status != MISSING:
                    raise
                return LeaseReading(None, _time(error.headers))
        return LeaseReading(_lease(found), _time(headers))

    def write(self, release: Release, lease: Lease) -> Lease | None:
        """Store a lease and return it as stored; None when somebody else has written since it was read."""
        api = kubernetes.CoordinationV1Api(self._connection.client(release))
        body: Any = _document(release, lease)
        with self._connection.asking(release):
            try:
                if lease.version:
                    stored = api.replace_namespaced_lease(
                        lease_name(release), release.namespace, body, _request_timeout=TIMEOUT
                    )
                else:
                    stored = api.create_namespaced_lease(release.namespace, body, _request_timeout=TIMEOUT)
            except kubernetes.ApiException as error:
                if error.status == MISSING:
                    raise _no_namespace(release) from error
                if error.status != CONFLICT:
                    raise
                return None
        return _lease(stored)


def _time(headers: Any) -> datetime:
    return parsedate_to_datetime(headers["Date"])


def _document(release: Release, lease: Lease) -> dict[str, Any]:
    metadata = {
        "name": lease_name(release),
        "namespace": release.namespace,
        "annotations": {COMMIT: lease.commit, BUILD: lease.build, RECORD: lease.record, FAILED: lease.failed},
    }
    if lease.version:
        metadata["resourceVersion"] = lease.version
    spec = {
        "holderIdentity": lease.holder,
        "leaseDurationSeconds": max(1, round(lease.seconds)),
        "acquireTime": _micro_time(lease.acquired),
        "renewTime": _micro_time(lease.renewed),
    }
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def _micro_time(moment: datetime | None) -> str | None:
    # The API wants a fraction (MicroTime), and the client writes times anew and leaves it out where it is zero.
    return moment.replace(microsecond=moment.microsecond or 1).isoformat() if moment else None


def _lease(found: Any) -> Lease:
    annotations, spec = found.metadata.annotations or {}, found.spec
    return Lease(
        holder=spec.holder_identity or "",
        commit=annotations.get(COMMIT, ""),
        build=annotations.get(BUILD, ""),
        acquired=spec.acquire_time,
        renewed=spec.renew_time,
        seconds=float(spec.lease_duration_seconds or 0),
        version=found.metadata.resource_version,
        record=annotations.get(RECORD, ""),
        failed=annotations.get(FAILED, ""),
    )


def _no_namespace(release: Release) -> ReleaseFailed:
    return ReleaseFailed(
        f"there is no namespace {release.namespace}",
        where=release.cluster,
        next_step="create it (it belongs to the cluster's set-up), or correct `namespace` in [chart]",
    )
