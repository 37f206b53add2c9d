"""Tags that YAML would read as something else survive the edit, both readers and both Helms, into the pod's image."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client as kubernetes

from erp_build.clients.helm.program import LocalCharts
from erp_build.formats.values.file import set_tags
from erp_build.formats.values.key import look_up
from erp_build.model.project import Chart
from sandbox.cluster import admin_client, go_binaries
from sandbox.lanes import in_lane
from sandbox.sample.erp_repository import CHART, SOURCE
from tests.support.cases import table
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


@pytest.mark.parametrize("helm", [3, 4])
@pytest.mark.parametrize("case", table("values_as_helm"))
def test_both_helms_read_values_as_this_program_does(helm: int, case: dict[str, Any], tmp_path: Path) -> None:
    """The cases of `tests/cases/values_as_helm.json`, before and after the edit."""
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: c\nversion: 0.1.0\n", encoding="utf-8")
    (chart / "templates" / "all.yaml").write_text("data: {{ toJson .Values | quote }}\n", encoding="utf-8")
    assert read_by_helm(helm, chart, case["files"], [*case["read"]]) == case["read"]
    if edited := case.get("edited"):
        key = f"{case.get('key', 'services.a')}.image.tag"
        assert read_by_helm(helm, chart, [*case["files"][:-1], edited], [key]) == {key: "1e3"}


def read_by_helm(helm: int, chart: Path, files: list[str], keys: list[str]) -> dict[str, str]:
    """Key -> the text of its value, as a template gets it; whole numbers as text."""
    words = []
    for number, text in enumerate(files):
        file = chart.parent / f"{number}.yaml"
        file.write_bytes(text.encode())
        words += ["--values", str(file)]
    rendered = administrators_helm("template", "x", str(chart), *words, helm=helm)
    values = json.loads(yaml.safe_load(rendered)["data"])
    return {key: str(look_up(values, key)) for key in keys}


@pytest.mark.parametrize("helm", [3, 4])
def test_a_chart_gets_what_its_lock_names_and_the_checkout_stays_as_it_is(
    helm: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline: the chart that it depends on lies beside it."""
    chart, common = tmp_path / "deploy" / "chart", tmp_path / "deploy" / "common"
    files = {
        chart / "Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\nkubeVersion: '>=1.25.0'\n"
        "dependencies:\n- {name: common, version: 1.x, repository: 'file://../common', alias: a}\n",
        common / "Chart.yaml": "apiVersion: v2\nname: common\nversion: 1.2.3\n",
        common / "values.yaml": "image: {repository: r, tag: t}\n",
        common
        / "templates"
        / "a.yaml": "kind: ConfigMap\nmetadata: {name: a}\ndata: {tag: '{{ .Values.image.tag }}'}\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    administrators_helm("dependency", "update", str(chart), helm=helm)
    shutil.rmtree(chart / "charts")
    before = sorted(tmp_path.rglob("*"))
    program = go_binaries.helm4() if helm == 4 else go_binaries.helm3()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    (item,) = LocalCharts().rendered(tmp_path, Chart(path="deploy/chart"), b"a: {image: {tag: new}}\n")
    assert item["data"] == {"tag": "new"}
    assert sorted(tmp_path.rglob("*")) == before


def pod_tags(namespace: str) -> dict[str, str]:
    """Service -> the tag that its pod names."""
    core: Any = kubernetes.CoreV1Api(admin_client.connect())
    pods = core.list_namespaced_pod(namespace, _request_timeout=admin_client.TIMEOUT).items
    return {pod.metadata.labels["app"]: pod.spec.containers[0].image.rpartition(":")[2] for pod in pods}
