"""Plays the charts of `tests/cases/drift` on a real API server: installs them, edits them by hand, asks for drift."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from erp_build.changes.drift import object_drift, text_of
from erp_build.changes.edited import Autoscalers, objects_in
from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.kubernetes.connection import ClusterConnection
from erp_build.formats.kubernetes.cluster_yaml import documents_of
from erp_build.model.releases.release import Release
from tests.support.drift_charts import (
    CHARTS,
    HPA_OF_KEDA,
    REFUSED_BY_HELM_4,
    by_controllers,
    edited,
    edits,
    identity_of,
    write_chart,
)
from tests.support.mutating_webhook import mutating_webhook

DEFINITIONS = "apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WEBHOOKS = "apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
VALIDATIONS = "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
HPAS = "apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers"
KINDS = (
    ("scaledobjects", "ScaledObject", "keda.sh", "v1alpha1"),
    ("externalsecrets", "ExternalSecret", "external-secrets.io", "v1beta1"),
)
THERE_ALREADY = 409
TRIES = 20
"""Writes of an object that a controller writes to as well."""

PERSON = {"fieldManager": "kubectl-edit"}

Object = Mapping[str, Any]


class Playground:
    """A cluster in which charts are installed by one version of Helm.

    Args:
        connection: of an administrator.
        helm: runs Helm with these words and returns what it prints; raises where it fails.
        version: of Helm, 3 or 4.
        folder: for the charts.
        prefix: of the namespaces.
    """

    def __init__(
        self, connection: ClusterConnection, helm: Callable[..., str], version: int, folder: Path, prefix: str
    ) -> None:
        self._connection, self._cluster = connection, EksCluster(connection)
        self._helm, self._version, self._folder, self._prefix = helm, version, folder, prefix

    def charts(self) -> tuple[str, ...]:
        """The charts that this Helm can install."""
        return tuple(name for name in CHARTS if self._version == 3 or name not in REFUSED_BY_HELM_4)

    def play(self, name: str) -> Iterator[str]:
        """Install a chart, and yield what is wrong: drift where nobody edited anything, edits that are not found."""
        release = Release("cluster", f"{self._prefix}-{name}", name)
        with self._namespace(release):
            self._upgrade(release)
            objects = self._objects(release)
            yield from self._unedited(release, objects, "as installed")
            if name == "keda":
                self._ask("POST", HPAS.format(release.namespace), HPA_OF_KEDA)
            live = [{**item, **self._live(release, item)} for item in objects]
            for item in by_controllers(name, live):
                self._put(release, item)
            yield from self._unedited(release, objects, "after the controllers")
            mine = [case for case in edits() if case["chart"] == name]
            # One repair is enough: an upgrade takes longer than all the rest.
            to_repair = next((case for case in mine if self._version in case.get("repaired_by", (3, 4))), None)
            for case in mine:
                yield from self._edit(release, objects, case, is_to_repair=case is to_repair)

    @contextmanager
    def _namespace(self, release: Release) -> Iterator[None]:
        name = release.namespace
        self._ask("POST", "api/v1/namespaces", {"metadata": {"name": name}})
        for plural, kind, group, version in KINDS:
            self._ask("POST", DEFINITIONS, _definition(plural, kind, group, version))
        with ExitStack() as stack:
            stack.callback(self._ask, "DELETE", f"api/v1/namespaces/{name}")
            if release.name == "webhook":
                configuration = stack.enter_context(mutating_webhook(self._folder, name))
                stack.callback(self._ask, "DELETE", f"{WEBHOOKS}/{name}")
                self._ask("POST", WEBHOOKS, configuration)
                self._wait_for_webhook(name)
            if release.name == "ca-bundle":
                stack.callback(self._ask, "DELETE", f"{VALIDATIONS}/{name}-check")
            yield

    def _wait_for_webhook(self, namespace: str) -> None:
        """A webhook takes part some moments after it was registered."""
        container = {"name": "a", "image": "a", "imagePullPolicy": "Always"}
        template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}
        metadata = {"name": "try", "labels": {"mutated": "no"}}
        spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
        tried = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
        path = f"apis/apps/v1/namespaces/{namespace}/deployments"
        for _ in range(1000):
            answer = self._connection.ask(_anywhere(), path, {"dryRun": "All"}, method="POST", body=tried)
            if answer.document["metadata"]["labels"]["mutated"] != "no":
                return
        raise AssertionError("the webhook never takes part")

    def _edit(self, release: Release, objects: list[Object], case: Object, *, is_to_repair: bool) -> Iterator[str]:
        wanted = case["object"].replace("{namespace}", release.namespace)
        item = next(one for one in objects if identity_of(one) == wanted)
        before = self._live(release, item)
        if case["at"]:
            self._put(release, edited({**item, **before}, case))
        else:
            self._connection.ask(release, self._path(release, item), method="DELETE")
        if case["text"] not in (found := self._drift(release, objects, item)):
            yield f"{release.name}: {case['text']} is not found, but {found}"
        if is_to_repair or not case["at"]:
            self._upgrade(release, *(["--force-conflicts"] if self._version == 4 else []))
            if case["text"] in self._drift(release, objects, item):
                yield f"{release.name}: {case['text']} is not repaired"
        else:
            self._put(release, {**item, **before})

    def _unedited(self, release: Release, objects: list[Object], when: str) -> Iterator[str]:
        for item in objects:
            if found := self._drift(release, objects, item, added=False):
                yield f"{release.name} {when}: {identity_of(item)}: {found}"

    def _drift(self, release: Release, objects: list[Object], item: Object, *, added: bool = True) -> list[str]:
        (live,) = self._cluster.live_objects(release, [item])
        if live is None:
            return ["is gone"]
        scaler = Autoscalers(objects, self._cluster.scalers(release)).of(item)
        found = object_drift(item, live, scaler, partial(self._cluster.tried, release))
        return [text_of(one, item["kind"]) for one in found if added or not one.is_left]

    def _objects(self, release: Release) -> list[Object]:
        manifest = self._helm("get", "manifest", release.name, "--namespace", release.namespace)
        return [item for item in objects_in(filter(None, documents_of(manifest))) if item["kind"] != "Secret"]

    def _upgrade(self, release: Release, *options: str) -> None:
        chart = self._folder / release.name
        chart = chart if chart.exists() else write_chart(release.name, self._folder)
        self._helm("upgrade", "--install", release.name, str(chart), "--namespace", release.namespace, *options)

    def _live(self, release: Release, item: Object) -> Object:
        (found,) = self._cluster.live_objects(release, [item])
        assert found, identity_of(item)
        return found

    def _path(self, release: Release, item: Object) -> str:
        return self._cluster._objects._path(release, item)

    def _put(self, release: Release, item: dict[str, Any]) -> None:
        """Write an object; a controller may write its status between the look and the write."""
        metadata = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
        path = self._path(release, item)
        for _ in range(TRIES):
            version = self._live(release, item)["metadata"]["resourceVersion"]
            body = {**item, "metadata": {**metadata, "resourceVersion": version}}
            answer = self._connection.ask(
                release, path, PERSON, method="PUT", body=body, expected=(HTTPStatus.CONFLICT,)
            )
            if answer.status != HTTPStatus.CONFLICT:
                return
        raise AssertionError(f"{identity_of(item)} is written by somebody else all the time")

    def _ask(self, method: str, path: str, body: Object | None = None) -> None:
        self._connection.ask(_anywhere(), path, method=method, body=body, expected=(THERE_ALREADY, 404))


def _anywhere() -> Release:
    return Release("cluster", "default", "any")


def _definition(plural: str, kind: str, group: str, version: str) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [served]},
    }
