"""The Lease that locks a release. All times are the API server's, so that clocks of machines need not agree."""

import hashlib
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.kubernetes.connection import ApiObject, ClusterConnection, namespaced
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.lease import Lease, LeaseReading
from erp_build.model.releases.release import Release

ANNOTATIONS = {
    "commit": "erp-build/commit",
    "build": "erp-build/build",
    "record": "erp-build/deployments",
    "failed": "erp-build/failed",
}
"""Field of a lock that the API has no field for -> the annotation that holds it."""

OF_FUNCTION = "erp-build.function."
"""How the Lease of a function begins; that of a release has a dash behind the first words."""

OBJECT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
"""What the API takes between two dots of a Lease's name; Lambda allows more."""

LEASES = "apis/coordination.k8s.io/v1/leases"


def lease_name(release: Release) -> str:
    """The name of a release's Lease in its namespace, or of that of a function which is deployed by itself.

    No name of a release begins as a function's does. A function's name that the API would not take is written with a
    part of its SHA-256, so that no two functions share a lock.
    """
    if not (name := release.function):
        return f"erp-build-{release.name}"
    if OBJECT_NAME.fullmatch(name):
        return f"{OF_FUNCTION}{name}"
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"
    return f"{OF_FUNCTION}{plain}.{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@reads_answers_of("the cluster", ReleaseFailed)
class ClusterLeases:
    """Reads and writes Leases; a write succeeds only on the version that was read (`resourceVersion`)."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._connection = connection

    def read(self, release: Release) -> LeaseReading:
        """The lease of a release and the server's time."""
        path = namespaced(release, LEASES, lease_name(release))
        answer = self._connection.ask(release, path, expected=(HTTPStatus.NOT_FOUND,))
        is_there = answer.status != HTTPStatus.NOT_FOUND
        now = parsedate_to_datetime(answer.headers["Date"])
        return LeaseReading(_lease(answer.document) if is_there else None, now)

    def write(self, release: Release, lease: Lease) -> Lease | None:
        """Store a lease and return it as stored; None if somebody else has written it since it was read."""
        path = namespaced(release, LEASES, lease_name(release) if lease.version else "")
        # 409 means that somebody else wrote (PUT: `resourceVersion` differs) or created the Lease (POST) first.
        answer = self._connection.ask(
            release,
            path,
            method="PUT" if lease.version else "POST",
            body=_document(release, lease),
            expected=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ReleaseFailed(
                f"there is no namespace {release.namespace}",
                where=release.cluster,
                next_step="create it (it belongs to the cluster's set-up), or correct `namespace` in [chart]",
            )
        return None if answer.status == HTTPStatus.CONFLICT else _lease(answer.document)


def _document(release: Release, lease: Lease) -> dict[str, Any]:
    metadata = {
        "name": lease_name(release),
        "namespace": release.namespace,
        "annotations": {annotation: getattr(lease, field) for field, annotation in ANNOTATIONS.items()},
    }
    if lease.version:
        metadata["resourceVersion"] = lease.version
    spec = {
        "holderIdentity": lease.holder,
        # The API refuses a duration of 0.
        "leaseDurationSeconds": max(1, round(lease.seconds)),
        "acquireTime": _micro_time(lease.acquired),
        "renewTime": _micro_time(lease.renewed),
    }
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def _micro_time(moment: datetime | None) -> str | None:
    # MicroTime: the API refuses a time without a fraction of a second.
    return moment.isoformat(timespec="microseconds") if moment else None


def _lease(found: ApiObject) -> Lease:
    annotations, spec = found["metadata"].get("annotations") or {}, found["spec"]
    return Lease(
        holder=spec.get("holderIdentity") or "",
        acquired=_moment(spec.get("acquireTime")),
        renewed=_moment(spec.get("renewTime")),
        seconds=float(spec.get("leaseDurationSeconds") or 0),
        version=found["metadata"]["resourceVersion"],
        **{field: annotations.get(annotation, "") for field, annotation in ANNOTATIONS.items()},
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
