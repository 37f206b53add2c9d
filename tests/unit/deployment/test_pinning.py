"""Whether a chart allows its images to be named by digest, by what it renders."""

from collections.abc import Mapping
from typing import Any

import pytest

from erp_build.deployment.pinning import why_by_tag

DIGEST = "sha256:" + "a1" * 32
TAG = f"1a2b3c4@{DIGEST}"
WANTED = {"erp/a": TAG, "erp/b": "0ld1234"}


def deployment(image: str, **more: Any) -> dict[str, Any]:
    pod = {"metadata": {"labels": {"app": "a", **more.pop("labels", {})}, "annotations": more.pop("annotations", {})}}
    containers = [{"name": "a", "image": image, **more}]
    return {
        "kind": "Deployment",
        "metadata": {"name": "a", "labels": {"app": "a"}},
        "spec": {"replicas": 2, "template": {**pod, "spec": {"containers": containers}}},
    }


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(deployment(f"reg.example:5000/erp/a:{TAG}"), id="as it is wanted"),
        pytest.param(deployment("reg.example:5000/erp/b:0ld1234"), id="one whose digest nobody knows"),
        pytest.param(deployment("docker.io/library/redis:7"), id="an image of somebody else"),
        pytest.param(deployment("reg.example:5000/erp/abc:7"), id="a repository whose name only begins like ours"),
        pytest.param(deployment("redis"), id="no tag at all"),
        pytest.param(
            deployment(f"reg.example:5000/erp/a:{TAG}", env=[{"name": "VERSION", "value": TAG}]), id="in a variable"
        ),
        pytest.param(deployment(f"reg.example:5000/erp/a:{TAG}", annotations={"version": TAG}), id="in an annotation"),
        pytest.param({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"tag": TAG, "empty": ""}}, id="in data"),
        pytest.param({"kind": "List", "metadata": None, "items": [{"spec": {"image": None}}]}, id="odd objects"),
        pytest.param(
            {"kind": "PrometheusRule", "spec": {"groups": [{"rules": [{"labels": {"summary": "a is down!"}}]}]}},
            id="a label that is any text",
        ),
        pytest.param({"kind": "ConfigMap", "data": {"name": "somebody@example.com"}}, id="a name that is an address"),
        pytest.param(
            deployment(f"reg.example:5000/erp/a:{TAG}", labels={"version": TAG[:7]}),
            id="a label that is cut to the tag",
        ),
        pytest.param(deployment("x", labels={"number": 7, "none": None, "empty": ""}), id="labels that are no texts"),
    ],
)
def test_a_digest_that_reaches_the_image_alone_is_allowed(item: Mapping[str, Any]) -> None:
    assert not why_by_tag([item], WANTED)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        pytest.param(
            deployment(f"reg.example:5000/erp/a:{TAG}", labels={"app.kubernetes.io/version": TAG}),
            "Deployment a: spec.template.metadata.labels.app.kubernetes.io/version holds the tag, and a label takes no "
            "digest",
            id="a label",
        ),
        pytest.param(
            deployment(f"reg.example:5000/erp/a:{TAG}", labels={"version": TAG.replace("@", "-").replace(":", "-")}),
            "a label takes no digest",
            id="a label that became too long",
        ),
        pytest.param(
            {"kind": "Service", "metadata": {"name": "a"}, "spec": {"selector": {"version": TAG[:10]}}},
            "Service a: spec.selector.version holds the tag",
            id="a selector, cut",
        ),
        pytest.param(
            {"kind": "Job", "metadata": {"name": f"migrate-{TAG}"}}, "a name takes no digest", id="an object's name"
        ),
        pytest.param(
            deployment("reg.example:5000/erp/a:1a2b3c4"), "image becomes reg.example:5000/erp/a:1a2b3c4", id="cut off"
        ),
        pytest.param(
            deployment(f"reg.example:5000/erp/a@{DIGEST}"), "image becomes reg.example:5000/erp/a@", id="no tag left"
        ),
        pytest.param(
            deployment(f"reg.example:5000/erp/a:{TAG}-jvm"), f"image becomes reg.example:5000/erp/a:{TAG}-jvm",
            id="a suffix",
        ),
        pytest.param(
            {"kind": "CronJob", "metadata": {"name": "n"}, "spec": {"x": [{"image": "reg.example:5000/erp/a"}]}},
            "CronJob n: spec.x.image becomes reg.example:5000/erp/a",
            id="no tag in the template",
        ),
    ],
)  # fmt: skip
def test_a_digest_that_does_not_reach_the_image_or_reaches_a_label_is_not(item: Mapping[str, Any], why: str) -> None:
    assert why in why_by_tag([deployment("redis"), item], WANTED)
