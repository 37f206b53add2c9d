"""The ConfigMap `aws-auth`, by which a cluster of before access entries lets roles in."""

from http import HTTPStatus
from typing import Any

import yaml
from kubernetes import client as kubernetes
from kubernetes.client.exceptions import ApiException

from sandbox.cluster import admin_client
from sandbox.endpoints import ACCOUNT

NAME, PLACE = "aws-auth", "kube-system"


def groups_of(role: str) -> list[str]:
    """The groups that a role is mapped to, by its name; empty: it is not in the map."""
    arn = _arn(role)
    return next((list(entry["groups"]) for entry in _entries() if entry["rolearn"] == arn), [])


def map_role(role: str, *groups: str) -> None:
    """Map a role to groups; to none: take it out of the map."""
    arn = _arn(role)
    entries = [entry for entry in _entries() if entry["rolearn"] != arn]
    if groups:
        entries.append({"rolearn": arn, "username": role, "groups": list(groups)})
    body = {"metadata": {"name": NAME}, "data": {"mapRoles": yaml.safe_dump(entries)}}
    core = _core()
    try:
        core.replace_namespaced_config_map(NAME, PLACE, body, _request_timeout=admin_client.TIMEOUT)
    except ApiException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        core.create_namespaced_config_map(PLACE, body, _request_timeout=admin_client.TIMEOUT)


def _entries() -> list[dict[str, Any]]:
    try:
        found = _core().read_namespaced_config_map(NAME, PLACE, _request_timeout=admin_client.TIMEOUT)
    except ApiException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return []
    return list(yaml.safe_load(found.data["mapRoles"]) or [])


def _arn(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


def _core() -> Any:
    return kubernetes.CoreV1Api(admin_client.connect())
