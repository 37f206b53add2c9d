"""How helm is called: the exact words, an environment of its own, and nothing secret in either."""

import json
from pathlib import Path

import pytest

from erp_build.domain.release import Revision
from tests.contract.helm.conftest import RELEASE, FakeHelm

PLACE = ["--namespace", "erp-ns", "--kubeconfig", "/nowhere/kubeconfig"]
CHART = Path("/src/helm-chart")
VALUES = Path("/src/helm-chart/values-dev.yaml")
HISTORY = [
    {
        "revision": 1,
        "updated": "2026-11-20T06:00:00Z",
        "status": "superseded",
        "chart": "erp-0.1.0",
        "app_version": "",
        "description": "erp-build abc1234",
    },
    {"revision": 2, "updated": "2026-11-21T06:00:00Z", "status": "pending-upgrade", "chart": "erp-0.1.0"},
]


def test_a_history_is_asked_of_this_release_alone(helm: FakeHelm) -> None:
    helm.answer(out=json.dumps(HISTORY))
    assert helm.tool.history(RELEASE) == (
        Revision(number=1, status="superseded", description="erp-build abc1234", updated="2026-11-20T06:00:00Z"),
        Revision(number=2, status="pending-upgrade", updated="2026-11-21T06:00:00Z"),
    )
    assert helm.call().words == ["history", "erp", *PLACE, "--output", "json", "--max", "10"]


def test_a_release_that_was_never_installed_has_an_empty_history(helm: FakeHelm) -> None:
    helm.answer(1, err="Error: release: not found\n")
    assert helm.tool.history(RELEASE) == ()


def test_a_chart_is_rendered_without_the_cluster(helm: FakeHelm) -> None:
    helm.tool.check_chart(RELEASE, CHART, VALUES)
    assert helm.call().words == ["template", "erp", str(CHART), "--namespace", "erp-ns", "--values", str(VALUES)]


def test_an_upgrade_installs_too_resets_values_and_does_not_wait(helm: FakeHelm) -> None:
    helm.tool.upgrade(RELEASE, CHART, VALUES, "erp-build abc1234", 299.6)
    assert helm.call().words == [
        "upgrade",
        "erp",
        str(CHART),
        "--install",
        *PLACE,
        "--values",
        str(VALUES),
        "--reset-values",
        "--history-max",
        "10",
        "--timeout",
        "300s",
        "--description",
        "erp-build abc1234",
    ]


@pytest.mark.parametrize("verb", ["history", "template", "upgrade"])
def test_helm_gets_credentials_and_proxies_but_nothing_that_moves_it_elsewhere(
    verb: str, helm: FakeHelm, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {
        "AWS_REGION": "ap-northeast-2",
        "AWS_SECRET_ACCESS_KEY": "invented-key",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1",
        "HTTPS_PROXY": "http://proxy.invalid:3128",
        "no_proxy": "localhost",
    }
    dropped = ["HELM_NAMESPACE", "HELM_KUBECONTEXT", "HELM_DRIVER", "HELM_KUBETOKEN", "KUBECONFIG", "DB_PASSWORD"]
    for name, value in kept.items():
        monkeypatch.setenv(name, value)
    for name in dropped:
        monkeypatch.setenv(name, "elsewhere")
    helm.answer(out="[]")
    match verb:
        case "history":
            helm.tool.history(RELEASE)
        case "template":
            helm.tool.check_chart(RELEASE, CHART, VALUES)
        case _:
            helm.tool.upgrade(RELEASE, CHART, VALUES, "x", 60)
    call = helm.call()
    assert {name: call.environment.get(name) for name in kept} == kept
    assert not set(dropped) & set(call.environment)
    assert call.environment["LC_ALL"] == "C.UTF-8"
    assert "invented-key" not in " ".join(call.words)
    assert "token-" not in " ".join(call.words)
