"""Writes infra/access.yaml, the rights of the sample's chart, by Helm in PATH: `python -m scripts.access_file`.

The chart is rendered with every one of its parts switched on, so that the file holds for whoever switches one on. What
it renders to is kept beside the tests, which make the file anew without Helm and see whether the chart has changed.
"""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from erp_build.clients.helm.program import LocalCharts
from erp_build.config.load import load_project
from erp_build.deployment.rights.assumed import assumed_resources
from erp_build.deployment.rights.needs import kind_of, needs_of
from erp_build.deployment.rights.rbac import access_file
from erp_build.formats.kubernetes.manifest import without_secrets

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "examples" / "erp"
ACCESS = ROOT / "infra" / "access.yaml"
RENDERED = ROOT / "tests" / "recorded" / "helm" / "sample-manifest.yaml"

HEAD = """\
What the role of a run may do inside of the cluster: what Helm and the watch of a rollout do, and no more.

  kubectl apply --namespace erp-dev --filename infra/access.yaml

It is made of the chart of examples/erp (`python -m scripts.access_file`). For another chart let

  erp-build doctor --only rights --write access.yaml

make one of what that chart renders. The group is `KubernetesGroup` of infra/pipeline.yaml. Before its first write a run
asks whether it may (SelfSubjectAccessReview), and names everything that is missing."""


def chart_digest() -> str:
    """The digest of the files of the chart."""
    chart = SAMPLE / load_project(SAMPLE).chart.path
    digest = hashlib.sha256()
    for file in sorted(chart.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(chart).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def text_of(objects: list[Any]) -> str:
    """The file for the objects of the chart."""
    known = assumed_resources({kind_of(one) for one in objects}, objects)
    namespace = load_project(SAMPLE).chart.namespace
    return access_file(needs_of(objects, (), known, namespace), head=HEAD.splitlines(), unnamed=namespace)


def main() -> None:
    """Render the chart and write both files."""
    chart = load_project(SAMPLE).chart
    values = yaml.safe_load((SAMPLE / chart.path / chart.values).read_bytes())
    for part in values.values():
        if isinstance(part, dict) and "enabled" in part:
            part["enabled"] = True
    objects = list(without_secrets(LocalCharts().rendered(SAMPLE, chart, yaml.safe_dump(values).encode())))
    note = f"# Made by scripts/access_file.py of the chart {chart_digest()}\n"
    RENDERED.write_text(note + yaml.safe_dump_all(objects, sort_keys=False), encoding="utf-8")
    ACCESS.write_text(text_of(objects), encoding="utf-8")


if __name__ == "__main__":
    main()
