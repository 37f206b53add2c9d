"""Reads the objects of a manifest from the cluster, and tries by a dry run what applying them would change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from erp_build.clients.kubernetes.connection import ApiObject, ClusterConnection, Refused
from erp_build.clients.kubernetes.workloads import COLLECTIONS
from erp_build.model.releases.release import Release

APPLY = "application/apply-patch+yaml"
FIELD_MANAGER = "erp-build"
DRY_RUN = {"dryRun": "All", "fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Ignore"}


class _Kind(NamedTuple):
    """Where a kind's objects are: the path of its API, the plural, and whether they are in a namespace."""

    api: str
    plural: str
    is_namespaced: bool


SERVICES, AUTOSCALERS = "api/v1/services", "apis/autoscaling/v2/horizontalpodautoscalers"

LISTED = {
    **{("apps/v1", kind): COLLECTIONS[kind] for kind in ("Deployment", "StatefulSet", "DaemonSet")},
    **{("batch/v1", kind): COLLECTIONS[kind] for kind in ("Job", "CronJob")},
    ("v1", "Service"): SERVICES,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): AUTOSCALERS,
}
"""API version and kind -> the collection, of what a run has the right to list."""


class ManifestObjects:
    """Finds objects by `apiVersion`, `kind` and name, as the API server lists its kinds."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._connection = connection
        self._kinds: dict[tuple[str, str], Mapping[str, _Kind]] = {}

    def live(self, release: Release, wanted: Sequence[ApiObject]) -> tuple[ApiObject | None, ...]:
        """Each object as it is; None where it is gone, and an empty one where it, or its kind, may not be read.

        Several of a kind that a run lists anyway take one call. Of every other kind a run may read those objects alone.
        """
        together = Counter(key for one in wanted if (key := _listed_as(release, one))[0])
        listed = {key: self._list(release, *key) for key, number in together.items() if number > 1}
        return tuple(self._live(release, one, listed.get(_listed_as(release, one))) for one in wanted)

    def _live(self, release: Release, wanted: ApiObject, listed: Mapping[str, ApiObject] | None) -> ApiObject | None:
        if listed is not None:
            found = listed.get(str(wanted["metadata"]["name"]))
            return None if found is None else _object(found)
        try:
            path = self._path(release, wanted)
            answer = self._connection.ask(release, path, expected=(HTTPStatus.NOT_FOUND,)) if path else None
        except Refused:
            return {}
        if answer is None:
            return {}
        return None if answer.status == HTTPStatus.NOT_FOUND else _object(answer.document)

    def _list(self, release: Release, collection: str, namespace: str) -> Mapping[str, ApiObject] | None:
        """The objects of a collection by their names; None where they may be read one by one at most."""
        try:
            found = self._connection.items(replace(release, namespace=namespace), collection)
        except Refused:
            return None
        return {str(item["metadata"]["name"]): item for item in found}

    def tried(self, release: Release, wanted: ApiObject) -> ApiObject | None:
        """The object as a server-side apply would leave it; None where the cluster refuses the dry run.

        It changes nothing. Defaults and webhooks take part, and what others own in the object stays as it is.
        """
        try:
            path = self._path(release, wanted)
            if not path:
                return None
            body = {key: value for key, value in wanted.items() if key != "status"}
            ask = partial(self._connection.ask, release, path, DRY_RUN, method="PATCH", content_type=APPLY)
            answer = ask(body=body, expected=(HTTPStatus.INTERNAL_SERVER_ERROR,))
        except Refused:
            return None
        # The server calls it an internal error if an object does not fit its schema.
        return None if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR else _object(answer.document)

    def _path(self, release: Release, wanted: ApiObject) -> str:
        """The path of an object; empty where the cluster does not know its kind."""
        kind = self._kinds_of(release, str(wanted.get("apiVersion", ""))).get(str(wanted.get("kind", "")))
        if kind is None:
            return ""
        about: Any = wanted["metadata"]
        name = quote(str(about["name"]), safe="")
        if not kind.is_namespaced:
            return f"{kind.api}/{kind.plural}/{name}"
        namespace = quote(str(about.get("namespace") or release.namespace), safe="")
        return f"{kind.api}/namespaces/{namespace}/{kind.plural}/{name}"

    def _kinds_of(self, release: Release, version: str) -> Mapping[str, _Kind]:
        """Kind -> where its objects are, of an API version such as `apps/v1`; asked once for a cluster."""
        key = (release.cluster, version)
        if key not in self._kinds:
            api = f"apis/{version}" if "/" in version else f"api/{version}"
            answer = self._connection.ask(release, api, expected=(HTTPStatus.NOT_FOUND,))
            listed = answer.document.get("resources") or () if answer.status != HTTPStatus.NOT_FOUND else ()
            self._kinds[key] = {
                one["kind"]: _Kind(api, one["name"], one["namespaced"]) for one in listed if "/" not in one["name"]
            }
        return self._kinds[key]


def _listed_as(release: Release, wanted: ApiObject) -> tuple[str, str]:
    """Collection and namespace of an object that is listed with others of its kind; otherwise two empty texts."""
    collection = LISTED.get((str(wanted.get("apiVersion", "")), str(wanted.get("kind", ""))), "")
    return (collection, str(wanted["metadata"].get("namespace") or release.namespace)) if collection else ("", "")


def scaler_of(item: ApiObject) -> ApiObject:
    """What counts of a HorizontalPodAutoscaler, in the form of a manifest."""
    spec = item["spec"]
    target = spec["scaleTargetRef"]
    limits = {name: int(spec[name]) for name in ("minReplicas", "maxReplicas") if spec.get(name) is not None}
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": str(item["metadata"]["name"])},
        "spec": {"scaleTargetRef": {"kind": target.get("kind", "Deployment"), "name": target["name"]}, **limits},
    }


def _object(found: ApiObject) -> ApiObject:
    """An object; raises `TypeError` for a document that is none."""
    metadata = found["metadata"]
    if not all(isinstance(metadata.get(key) or {}, Mapping) for key in ("labels", "annotations")):
        raise TypeError("its labels are no map")
    return found
