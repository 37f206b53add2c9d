"""How helm is called: the exact words, an environment of its own, and nothing secret in either."""

import json
from pathlib import Path

import pytest

from erp_build.errors import ReleaseFailed
from erp_build.model.releases.release import Revision
from tests.contract.helm.conftest import RELEASE, StubHelm

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


def test_a_history_is_asked_of_this_release_alone(helm: StubHelm) -> None:
    helm.answer(out=json.dumps(HISTORY))
    assert helm.tool.history(RELEASE) == (
        Revision(number=1, status="superseded", description="erp-build abc1234", updated="2026-11-20T06:00:00Z"),
        Revision(number=2, status="pending-upgrade", updated="2026-11-21T06:00:00Z"),
    )
    assert helm.call().words == ["history", *PLACE, "--output", "json", "--max", "10", "--", "erp"]


def test_a_release_that_was_never_installed_has_an_empty_history(helm: StubHelm) -> None:
    helm.answer(1, err="Error: release: not found\n")
    assert helm.tool.history(RELEASE) == ()


@pytest.mark.parametrize(
    ("version", "hidden"), [("v3.14.2", []), ("v3.19.5", ["--hide-secret"]), ("v4.0.5", ["--hide-secret"])]
)
def test_a_chart_is_rendered_linted_and_tried_on_the_cluster(version: str, hidden: list[str], helm: StubHelm) -> None:
    helm.answer(out=version)
    helm.tool.check_chart(RELEASE, CHART, b"x: 1\n")
    template, lint, asked, tried = helm.calls()
    values = lint.words[-3]
    given = ["--namespace", "erp-ns", "--values", values]
    assert template.words == ["template", *given, "--", "erp", str(CHART)]
    assert lint.words == ["lint", *given, "--", str(CHART)]
    assert asked.words == ["version", "--template", "{{.Version}}"]
    assert tried.words == [
        *["upgrade", "--install", *PLACE, "--values", values],
        *["--reset-values", "--dry-run=server", *hidden, "--output", "json", "--", "erp", str(CHART)],
    ]
    assert not Path(values).exists()


def test_what_a_chart_would_make_comes_back_without_its_secrets(helm: StubHelm) -> None:
    helm.answer(out="v3.19.5")
    helm.render("---\nkind: Secret\ndata: {}\n---\nkind: Service\nmetadata: {name: a}\n---\n# nothing\n")
    assert helm.tool.check_chart(RELEASE, CHART, b"x: 1\n") == ({"kind": "Service", "metadata": {"name": "a"}},)


def test_a_release_that_was_never_installed_has_no_objects(helm: StubHelm) -> None:
    helm.answer(1, err="Error: release: not found\n")
    assert helm.tool.manifest(RELEASE) == ()


def test_a_helm_that_is_too_old_is_refused(helm: StubHelm) -> None:
    helm.answer(out="v3.13.9")
    with pytest.raises(ReleaseFailed, match="too old") as caught:
        _ = helm.tool.version
    assert "3.13" in caught.value.why


def test_a_rollback_names_its_revision_and_has_a_time_out(helm: StubHelm) -> None:
    helm.tool.rollback(RELEASE, 7, 120)
    assert helm.call().words == ["rollback", *PLACE, "--history-max", "10", "--timeout", "120s", "--", "erp", "7"]


def test_a_removal_names_the_release(helm: StubHelm) -> None:
    helm.tool.uninstall(RELEASE)
    assert helm.call().words == ["uninstall", *PLACE, "--", "erp"]


def test_of_the_values_only_those_that_are_asked_for_come_back(helm: StubHelm) -> None:
    values = {"services": {"a": {"image": {"tag": "1234567"}}}, "database": {"password": "invented"}}
    helm.answer(out=json.dumps(values))
    keys = ["services.a.image.tag", "services.b.image.tag"]
    assert helm.tool.values_of(RELEASE, keys, 3) == {"services.a.image.tag": "1234567"}
    assert helm.call().words == ["get", "values", *PLACE, "--all", "--output", "json", "--revision", "3", "--", "erp"]


def test_of_the_manifest_secrets_do_not_come_back(helm: StubHelm) -> None:
    helm.answer(out="---\nkind: Secret\ndata: {}\n---\nkind: Deployment\nmetadata: {name: a}\n---\n")
    assert helm.tool.objects(RELEASE) == ({"kind": "Deployment", "metadata": {"name": "a"}},)
    assert helm.call().words == ["get", "manifest", *PLACE, "--", "erp"]


def test_an_upgrade_installs_too_resets_values_and_does_not_wait(helm: StubHelm) -> None:
    helm.tool.upgrade(RELEASE, CHART, VALUES, "erp-build abc1234", 299.6)
    assert helm.call().words == [
        "upgrade",
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
        "--",
        "erp",
        str(CHART),
    ]


@pytest.mark.parametrize("verb", ["history", "template", "upgrade"])
def test_helm_gets_credentials_and_proxies_but_nothing_that_moves_it_elsewhere(
    verb: str, helm: StubHelm, monkeypatch: pytest.MonkeyPatch
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
    helm.answer(out="[]" if verb == "history" else "v3.19.5")
    match verb:
        case "history":
            helm.tool.history(RELEASE)
        case "template":
            helm.tool.check_chart(RELEASE, CHART, b"")
        case _:
            helm.tool.upgrade(RELEASE, CHART, VALUES, "x", 60)
    call = helm.calls()[-1]
    assert {name: call.environment.get(name) for name in kept} == kept
    assert not set(dropped) & set(call.environment)
    assert call.environment["LC_ALL"] == "C.UTF-8"
    # What it keeps between calls is not kept at home.
    assert call.environment["KUBECACHEDIR"].endswith("/bin/kept")
    assert "invented-key" not in " ".join(call.words)
    assert "token-" not in " ".join(call.words)
