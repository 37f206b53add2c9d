"""Everything that a run could write, read before and after: two snapshots are equal when nothing was written."""

import json
import os
from pathlib import Path
from typing import Any

from sandbox.aws.client import client
from sandbox.cluster import admin_client
from sandbox.docker import engine
from sandbox.endpoints import REGISTRY_HOST
from sandbox.tenants import deployed_state
from sandbox.tenants.tenant import Tenant

BY_THEMSELVES = ("events", "pods", "endpoints", "endpointslices", "horizontalpodautoscalers")
"""Objects that the cluster itself writes at any time; of these, only that they are the same ones counts."""


def everything(tenant: Tenant, repository: Path) -> dict[str, Any]:
    """What runs, the objects of the namespace, the images, the function, the engine's names, and every file."""
    return {
        "runs": deployed_state.snapshot(tenant, repository),
        "objects": objects(tenant.namespace),
        "images": images(tenant),
        "function": client("lambda").get_function(FunctionName=tenant.function)["Configuration"]["LastModified"],
        "engine": engine_names(tenant),
        "files": {path: _mark(repository / path) for path in files_below(repository)},
    }


def objects(namespace: str) -> dict[str, str]:
    """Every object of a namespace, Leases and Secrets too: kind and name -> its version."""
    api, found = admin_client.connect(), {}
    for prefix in (
        "/api/v1",
        *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in _get(api, "/apis")["groups"]),
    ):
        for resource in _get(api, prefix)["resources"]:
            kind = resource["name"]
            if not resource["namespaced"] or "/" in kind or "list" not in resource["verbs"] or kind == "events":
                continue
            for item in _get(api, f"{prefix}/namespaces/{namespace}/{kind}")["items"]:
                meta = item["metadata"]
                version = meta["uid"] if kind in BY_THEMSELVES else meta["resourceVersion"]
                found[f"{prefix} {kind} {meta['name']}"] = version
    return found


def images(tenant: Tenant) -> list[tuple[str, str, str]]:
    """Every image of the tenant's repositories: repository, digest, tag."""
    ecr = client("ecr")
    return sorted(
        (repository, image["imageDigest"], image.get("imageTag", ""))
        for repository in tenant.repositories
        for page in ecr.get_paginator("list_images").paginate(repositoryName=repository)
        for image in page["imageIds"]
    )


def engine_names(tenant: Tenant) -> list[str]:
    """The tenant's images in the engine."""
    with engine.client() as api:
        found = [tag for tags in engine.images(api).values() for tag in tags]
    return sorted(tag for tag in found if f"{REGISTRY_HOST}/{tenant.name}/" in tag)


def files_below(folder: Path) -> list[Path]:
    """Every file and folder, relative to it."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


def _mark(path: Path) -> tuple[int, int, int]:
    """A file's mode, size and time of its last change; a read may renew what Git remembers of its files, no more."""
    found = os.lstat(path)
    return (found.st_mode, found.st_size, found.st_mtime_ns)


def _get(api: Any, path: str) -> dict[str, Any]:
    headers = {one["key"]: one["value"] for one in api.configuration.auth_settings().values()}
    answer = api.call_api("GET", f"{api.configuration.host}{path}", headers, _request_timeout=admin_client.TIMEOUT)
    return dict(json.loads(answer.read()))
