"""The charts of `tests/cases/drift`: as folders for Helm, what controllers do to their objects, and edits by hand."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "cases" / "drift"
CHARTS = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
REFUSED_BY_HELM_4 = ("duplicates",)
"""What the API does not apply: a list of a kind with one key twice."""

SIDECAR = {"name": "proxy", "image": "proxy:1", "volumeMounts": [{"name": "proxy", "mountPath": "/etc/proxy"}]}
HPA_OF_KEDA = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {
        "name": "keda-hpa-worker",
        "ownerReferences": [{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "worker", "uid": "1"}],
    },
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"},
        "minReplicas": 1,
        "maxReplicas": 5,
    },
}


def edits() -> list[dict[str, Any]]:
    """The edits by hand."""
    found: list[dict[str, Any]] = json.loads((FOLDER / "edits.json").read_text(encoding="utf-8"))["cases"]
    return found


def write_chart(name: str, folder: Path) -> Path:
    """Write a chart as a folder, and return it."""
    chart = folder / name
    (chart / "templates").mkdir(parents=True)
    about = {"apiVersion": "v2", "name": name, "version": "0.1.0"}
    (chart / "Chart.yaml").write_text(json.dumps(about), encoding="utf-8")
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    (chart / "templates" / "all.yaml").write_text(text, encoding="utf-8")
    return chart


def by_controllers(chart: str, live: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The objects of a chart to which controllers of a real cluster do something, after they did it."""
    changed = []
    for item in live:
        found: dict[str, Any] = deepcopy(dict(item))
        if chart == "keda" and found["kind"] == "Deployment":
            found["spec"]["replicas"] = 0
        elif chart == "autoscaled" and found["kind"] == "Deployment":
            found["spec"]["replicas"] = 3
        elif chart == "sidecar":
            pod = found["spec"]["template"]
            pod["metadata"]["annotations"] = {"proxy/status": "injected"}
            pod["spec"]["containers"].append(deepcopy(SIDECAR))
            pod["spec"]["containers"][0]["volumeMounts"].append({"name": "proxy", "mountPath": "/etc/proxy"})
            pod["spec"]["containers"][0]["env"].append({"name": "PROXY", "value": "1"})
            pod["spec"]["volumes"].append({"name": "proxy", "emptyDir": {}})
        elif chart == "ca-bundle":
            found["webhooks"][0]["clientConfig"]["caBundle"] = CERTIFICATE
        elif found["kind"] == "Ingress":
            found["metadata"]["finalizers"] = []
            found["metadata"]["annotations"]["alb.ingress.kubernetes.io/arn"] = "invented"
        else:
            continue
        changed.append(found)
    return changed


CERTIFICATE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmludmVudGVkCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"


def identity_of(item: Mapping[str, Any]) -> str:
    """Kind and name."""
    return f"{item['kind']}/{item['metadata']['name']}"


def edited(live: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """A live object after an edit by hand."""
    found = deepcopy(dict(live))
    for at, value in {case["at"]: case["to"], **case.get("with", {})}.items():
        _set(found, at, value)
    return found


def _set(item: dict[str, Any], at: str, value: Any) -> None:
    *parents, last = at.split("/")[1:]
    node: Any = item
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    if isinstance(node, list):
        node[int(last)] = value
    elif value is None:
        del node[last]
    else:
        node[last] = value
