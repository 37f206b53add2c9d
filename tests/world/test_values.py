"""Tags that YAML would read as something else survive the edit, both readers and both Helms, into the pod's image."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client as kubernetes

from erp_build.formats.values_file import set_tags
from sandbox.cluster import admin_client
from sandbox.lanes import in_lane
from sandbox.sample.erp_repository import CHART, SOURCE
from tests.world.pairs import administrators_helm

pytestmark = pytest.mark.world

TAGS = (
    *("1234567", "0123456", "12e3456", "1e10", "0x12345", "123_456", "0b101", "0o17", "0777777", "7e00000"),
    *("true", "null", "yes", "no", "on", "off", "2024-01-01", "1.0", "00e0000", "_", "1.5e3"),
)


@pytest.fixture
def namespace() -> Iterator[str]:
    """A namespace of this test alone."""
    name = in_lane("tags")
    admin_client.create_namespace(name)
    yield name
    admin_client.delete_namespace(name)


def values() -> bytes:
    """The sample's values with a service per tag, whose pods find no node: nothing of them is pulled or run."""
    found = yaml.safe_load((SOURCE / CHART / "values-dev.yaml").read_text(encoding="utf-8"))
    one = found["services"]["notification"]
    found["services"] = {f"s{place}": {**one, "name": f"s{place}"} for place in range(len(TAGS))}
    switched_off = {key: {**found[key], "enabled": False}
                    for key in ("autoscaling", "targetGroupBinding", "externalSecret")}  # fmt: skip
    found |= {**switched_off, "replicaCount": 1, "resources": {"requests": {"cpu": "1000"}}}
    content = json.dumps(found).encode()
    return set_tags(content, {f"services.s{place}": tag for place, tag in enumerate(TAGS)}, where="values")


@pytest.mark.parametrize("helm", [3, 4])
def test_every_tag_reaches_the_pods_image_as_it_was_written(helm: int, namespace: str, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_bytes(values())
    words = ("upgrade", "tags", str(SOURCE / CHART), "--install", "--values", str(file), "--namespace", namespace)
    administrators_helm(*words, helm=helm)
    deadline = time.monotonic() + 60
    while len(tags := pod_tags(namespace)) < len(TAGS):
        assert time.monotonic() < deadline, tags
        time.sleep(0.5)
    assert tags == {f"s{place}": tag for place, tag in enumerate(TAGS)}


def pod_tags(namespace: str) -> dict[str, str]:
    """Service -> the tag that its pod names."""
    core: Any = kubernetes.CoreV1Api(admin_client.connect())
    pods = core.list_namespaced_pod(namespace, _request_timeout=admin_client.TIMEOUT).items
    return {pod.metadata.labels["app"]: pod.spec.containers[0].image.rpartition(":")[2] for pod in pods}
