"""How helm is called: the exact words, an environment of its own, and nothing secret in either."""

import json
from pathlib import Path

import pytest

from erp_build.errors import ReleaseFailed
from erp_build.model.releases.capabilities import Capabilities
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
def test_a_chart_is_tried_on_the_cluster(version: str, hidden: list[str], helm: StubHelm) -> None:
    helm.answer(out=version)
    helm.tool.check_chart(RELEASE, CHART, b"x: 1\n")
    asked, tried = helm.calls()
    values = tried.words[tried.words.index("--values") + 1]
    assert asked.words == ["version", "--template", "{{.Version}}"]
    assert tried.words == [
        *["upgrade", "--install", *PLACE, "--values", values],
        *["--reset-values", "--dry-run=server", *hidden, "--output", "json", "--", "erp", str(CHART)],
    ]
    assert not Path(values).exists()


def test_a_chart_is_rendered_and_linted_without_the_cluster(helm: StubHelm) -> None:
    helm.answer(out="---\nkind: Secret\ndata: {}\n---\nkind: Service\nmetadata: {name: a}\n")
    assert helm.tool.render(RELEASE, CHART, b"x: 1\n") == (
        {"kind": "Secret", "metadata": {}},
        {"kind": "Service", "metadata": {"name": "a"}},
    )
    template, lint = helm.calls()
    values = lint.words[-3]
    given = ["--namespace", "erp-ns", "--values", values]
    assert template.words == ["template", *given, "--", "erp", str(CHART)]
    assert lint.words == ["lint", *given, "--", str(CHART)]
    assert not Path(values).exists()


def test_a_chart_is_rendered_for_the_version_and_the_apis_of_the_cluster(helm: StubHelm) -> None:
    helm.cluster = Capabilities("v1.34.4-eks-0a1b", tuple(f"example/v{number}" for number in range(501)))
    helm.tool.render(RELEASE, CHART, b"")
    template, lint = helm.calls()
    first = ",".join(helm.cluster.apis[:500])
    version = ["--kube-version", "v1.34.4-eks-0a1b"]
    assert template.words[5:-3] == [*version, "--api-versions", first, "--api-versions", "example/v500"]
    assert lint.words[5:-2] == version


def test_a_chart_is_rendered_as_for_an_upgrade_where_the_release_is_there(helm: StubHelm) -> None:
    helm.tool.render(RELEASE, CHART, b"", is_upgrade=True)
    template, lint = helm.calls()
    assert template.words[5:] == ["--is-upgrade", "--", "erp", str(CHART)]
    assert lint.words[5:] == ["--", str(CHART)]


def test_several_values_files_are_given_in_their_order(helm: StubHelm) -> None:
    below = (Path("/src/base.yaml"), Path("/src/region.yaml"))
    helm.answer(out="v3.19.5")
    helm.tool.render(RELEASE, CHART, b"x: 1\n", below)
    helm.tool.check_chart(RELEASE, CHART, b"x: 1\n", below)
    helm.tool.upgrade(RELEASE, CHART, VALUES, "x", 60, below)
    template, lint, _, tried, upgrade = helm.calls()
    given = [
        [word for word, before in zip(call.words[1:], call.words, strict=False) if before == "--values"]
        for call in (template, lint, tried, upgrade)
    ]
    assert [files[:-1] for files in given] == [["/src/base.yaml", "/src/region.yaml"]] * 4
    assert given[-1][-1] == str(VALUES)


def test_a_secret_comes_back_by_its_name_alone_also_out_of_a_list(helm: StubHelm) -> None:
    secret = """apiVersion: v1, kind: Secret, type: Opaque, stringData: {password: invented}, metadata: {name: a,
      namespace: b, labels: {invented: x}, annotations: {helm.sh/hook: pre-install, note: invented}}"""
    helm.answer(out=f"---\n{{{secret}}}\n---\n{{kind: SecretList, items: [{{{secret}}}]}}\n")
    marks = {"helm.sh/hook": "pre-install"}
    named = {"name": "a", "namespace": "b", "annotations": marks}
    found = helm.tool.render(RELEASE, CHART, b"x: 1\n")
    assert found == ({"apiVersion": "v1", "kind": "Secret", "metadata": named},) * 2


def test_what_a_chart_would_make_comes_back_without_what_its_secrets_hold(helm: StubHelm) -> None:
    helm.answer(out="v3.19.5")
    helm.render("---\nkind: Secret\ndata: {}\n---\nkind: Service\nmetadata: {name: a}\n---\n# nothing\n")
    service = {"kind": "Service", "metadata": {"name": "a"}}
    assert helm.tool.check_chart(RELEASE, CHART, b"x: 1\n") == ({"kind": "Secret", "metadata": {}}, service)


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


def test_the_values_that_a_release_was_given_come_without_the_defaults(helm: StubHelm) -> None:
    helm.answer(out='{"replicaCount": 2}')
    assert helm.tool.given_values(RELEASE) == {"replicaCount": 2}
    assert helm.call().words == ["get", "values", *PLACE, "--output", "json", "--", "erp"]
    helm.answer(out="null")
    assert helm.tool.given_values(RELEASE) == {}


def test_of_the_manifest_secrets_do_not_come_back(helm: StubHelm) -> None:
    helm.answer(out="---\nkind: Secret\ndata: {}\n---\nkind: Deployment\nmetadata: {name: a}\n---\n")
    assert helm.tool.objects(RELEASE) == ({"kind": "Deployment", "metadata": {"name": "a"}},)
    assert helm.call().words == ["get", "manifest", *PLACE, "--", "erp"]
    helm.tool.manifest(RELEASE, 7)
    assert helm.calls()[-1].words == ["get", "manifest", *PLACE, "--revision", "7", "--", "erp"]


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


@pytest.mark.parametrize(
    ("version", "metadata", "err", "forced"),
    [
        pytest.param("v4.0.5", '{"applyMethod": "ssa"}', "", "--force-conflicts", id="applied on the server"),
        pytest.param(
            "v4.0.5", "", "Error: release: not found", "--force-conflicts", id="a first installation by Helm 4"
        ),
        pytest.param("v4.0.5", '{"applyMethod": "csa"}', "", "", id="applied by the client"),
        pytest.param("v4.0.5", '{"name": "erp"}', "", "", id="made by Helm 3"),
        pytest.param("v3.19.5", "", "Error: unknown", "", id="Helm 3"),
    ],
)
def test_an_edit_by_hand_is_no_conflict_for_an_upgrade_or_a_rollback(
    version: str, metadata: str, err: str, forced: str, helm: StubHelm
) -> None:
    helm.says(version, metadata, err)
    helm.tool.upgrade(RELEASE, CHART, VALUES, "erp-build abc1234", 60)
    assert ("--force-conflicts" in helm.calls()[-1].words) == bool(forced)
    helm.tool.rollback(RELEASE, 7, 60)
    assert ("--force-conflicts" in helm.calls()[-1].words) == bool(forced)
    asked = [call.words for call in helm.calls() if call.words[:2] == ["get", "metadata"]]
    revisions = [("--revision" in words, "7" in words) for words in asked]
    assert revisions == ([(False, False), (True, True)] if version.startswith("v4") else [])


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
            helm.tool.render(RELEASE, CHART, b"")
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
