"""What `plan --live` says of naming images by digest, before Helm has rendered anything."""

from typing import Literal

import pytest

from erp_build.changes.tag_uses import tag_warnings
from erp_build.clients.git.repository import GitRepository
from tests.support.git import Checkout
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, plan_of

LABELS = """\
metadata:
  labels:
    app.kubernetes.io/version: {{ .Values.image.tag | quote }}
    helm.sh/chart: "{{ .Chart.Name }}"
"""
IMAGE = """\
spec:
  image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
  version: "{{ .Chart.Version }}"
  env: [{ name: APP_VERSION, value: "{{ .Values.image.tag }}" }]
"""


def warnings(erp: Checkout, template: str, pin: Literal["auto", "always", "never"] = "auto") -> tuple[str, ...]:
    head = erp.commit({"helm-chart/templates/a.yaml": template, "elsewhere/templates/b.yaml": LABELS})
    plan = plan_of({CHART: "helm-chart/templates/a.yaml"})._replace(head=head)
    chart = next(step.target for step in plan.steps if step.target.kind == "chart")._replace(pin=pin)
    return tag_warnings(GitRepository(erp.root), chart, plan)


def test_a_template_that_uses_the_tag_for_the_image_alone_is_no_warning(erp: Checkout) -> None:
    assert warnings(erp, IMAGE) == ()


def test_a_tag_that_fills_a_version_is_named_with_its_line(erp: Checkout) -> None:
    assert warnings(erp, LABELS) == (
        (
            "helm-chart/templates/a.yaml:3 writes the tag of an image into `app.kubernetes.io/version`; "
            "where that is a label it takes no digest, and the release names its images by tag"
        ),
    )


def test_it_is_the_end_of_the_run_where_digests_are_asked_for(erp: Checkout) -> None:
    (warning,) = warnings(erp, LABELS, "always")
    assert warning.endswith("takes no digest, and the run refuses the chart")


def test_a_release_by_tag_on_purpose_is_said(erp: Checkout) -> None:
    (warning,) = warnings(erp, LABELS, "never")
    assert warning == 'the release names its images by tag, which a push can change: erp-build.toml says pin = "never"'


@pytest.mark.parametrize("target", [EMPLOYEE, None])
def test_a_plan_without_a_release_says_nothing(erp: Checkout, target: str | None) -> None:
    erp.commit({"helm-chart/templates/a.yaml": LABELS})
    plan = plan_of({target: "pom.xml"} if target else {})._replace(head=erp.head())
    chart = plan.steps[-1].target
    assert chart.kind == "chart"
    assert tag_warnings(GitRepository(erp.root), chart, plan) == ()


def test_a_chart_without_templates_is_no_warning(erp: Checkout) -> None:
    plan = plan_of({NOTIFICATION: "pom.xml"})._replace(head=erp.head())
    chart = plan.steps[-1].target
    assert chart.kind == "chart"
    assert tag_warnings(GitRepository(erp.root), chart._replace(path="none"), plan) == ()
