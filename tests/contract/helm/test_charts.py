"""A chart without a cluster: how helm is called, and what comes of its answers."""

import os
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.helm.program import LocalCharts
from erp_build.errors import ReleaseFailed
from erp_build.model.project import Chart
from tests.contract.helm.conftest import RELEASE, StubHelm
from tests.support.cases import table

ROOT = Path("/src")
CHART = Chart()
RENDERED = "---\n# Source: a\nkind: Deployment\nmetadata: {name: a}\n---\n# nothing\n---\nkind: Service\n"


def test_a_chart_is_rendered_and_linted_with_its_values_and_no_kubeconfig(helm: StubHelm) -> None:
    helm.answer(out=RENDERED)
    objects = LocalCharts().rendered(ROOT, CHART, b"x: 1\n")
    assert [item["kind"] for item in objects] == ["Deployment", "Service"]
    template, lint = helm.calls()
    assert template.words[0] == "template"
    assert template.words[5:] == ["--", "erp-microservices", "/src/helm-chart"]
    assert lint.words[0] == "lint"
    assert lint.words[5:] == ["--", "/src/helm-chart"]
    for call in (template, lint):
        assert call.words[1:4] == ["--namespace", "erp-dev", "--values"]
        assert "--kubeconfig" not in call.words
        assert not Path(call.words[4]).exists()


@pytest.mark.parametrize("manifest", ["a: " + "[" * 5000, "a: [\n"])
def test_what_a_chart_renders_and_nobody_can_read_is_an_error_without_its_text(helm: StubHelm, manifest: str) -> None:
    helm.answer(out=f"password: invented\n{manifest}")
    with pytest.raises(ReleaseFailed, match="what the chart renders cannot be read") as caught:
        LocalCharts().rendered(ROOT, CHART, b"x: 1\n")
    assert "invented" not in f"{caught.value.why}{caught.value.__cause__}"


def test_a_chart_that_does_not_render_says_why_and_what_to_do(helm: StubHelm) -> None:
    helm.answer(1, err='Error: template: x: executing "x" at <.a.b>: nil pointer evaluating interface {}.b\n')
    with pytest.raises(ReleaseFailed, match="the chart does not render") as caught:
        LocalCharts().rendered(ROOT, CHART, b"")
    assert "nil pointer" in caught.value.why
    assert "helm template shows the same" in caught.value.next_step


def test_without_helm_there_is_one_clear_error(helm: StubHelm) -> None:
    helm.remove()
    with pytest.raises(ReleaseFailed, match="there is no Helm"):
        LocalCharts().rendered(ROOT, CHART, b"")


def test_a_release_that_a_secret_cannot_hold_is_refused_before_the_upgrade(helm: StubHelm) -> None:
    helm.answer(out="v3.19.5")
    helm.render(f"# {os.urandom(450_000).hex()}\n")
    assert helm.tool.check_chart(RELEASE, ROOT / CHART.path, b"") == ()
    helm.render(f"# {os.urandom(850_000).hex()}\n")
    with pytest.raises(ReleaseFailed, match="too large for Helm to keep") as caught:
        helm.tool.check_chart(RELEASE, ROOT / CHART.path, b"")
    assert "a Secret holds 1048576" in caught.value.why
    assert ".helmignore" in caught.value.next_step


@pytest.mark.parametrize("case", table("chart_mistakes"))
def test_a_chart_without_a_cluster_tells_its_mistakes(case: dict[str, Any], helm: StubHelm) -> None:
    """The cases of `tests/cases/chart_mistakes.json`."""
    helm.answer(1, case["out"], case["err"], only=case["verb"])
    with pytest.raises(ReleaseFailed) as caught:
        LocalCharts().rendered(ROOT, CHART, b"")
    assert (caught.value.what, caught.value.why.splitlines()) == (case["what"], case["why"])


@pytest.mark.parametrize("case", table("chart_mistakes"))
def test_a_chart_before_its_dry_run_tells_its_mistakes(case: dict[str, Any], helm: StubHelm) -> None:
    """The cases of `tests/cases/chart_mistakes.json`."""
    helm.answer(1, case["out"], case["err"], only=case["verb"])
    with pytest.raises(ReleaseFailed) as caught:
        helm.tool.render(RELEASE, ROOT / CHART.path, b"")
    assert (caught.value.what, caught.value.why.splitlines()) == (case["what"], case["why"])
