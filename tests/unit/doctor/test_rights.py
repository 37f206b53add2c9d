"""`doctor --only rights`: what it asks for, and the file that it writes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from erp_build.doctor.rights import rights_file
from erp_build.errors import ConfigurationError, ReleaseFailed
from erp_build.model.releases.rights import Right
from tests.fakes.clinic import Clinic
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.rendering_helm import install_helm

STORE = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "aws"}}
AGENT = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "logs"}}
ASSUMED = (
    "Assumed, as no cluster was asked: "
    "ClusterSecretStore of external-secrets.io/v1 is clustersecretstores, in no namespace."
)


class FakeObjects:
    """A chart that makes these objects."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        self._objects = objects

    def rendered(self, *_: object) -> tuple[dict[str, Any], ...]:
        return self._objects


def makes(clinic: Clinic, *objects: dict[str, Any]) -> None:
    clinic.charts = FakeObjects(*objects)  # type: ignore[assignment]


def test_every_object_is_asked_about_in_its_own_namespace(clinic: Clinic) -> None:
    makes(clinic, STORE, AGENT)
    assert clinic.find("rights").state == "ok"
    asked = clinic.world.cluster.reviews
    assert Right("logs", "apps", "daemonsets", "create") in asked
    assert Right("", "external-secrets.io", "clustersecretstores", "patch") in asked
    # The Deployments that run and that this chart has lost.
    assert Right("erp-dev", "apps", "deployments", "delete") in asked


def test_a_right_of_another_namespace_is_missing_there(clinic: Clinic) -> None:
    makes(clinic, STORE, AGENT)
    clinic.world.cluster.not_allowed = ("create daemonsets.apps in logs",)
    result = clinic.find("rights")
    assert result.state == "problem"
    assert "in namespace logs:\n  - apiGroups: [apps]\n    resources: [daemonsets]\n    verbs: [create]" in result.found
    assert "in namespace erp-dev" not in result.found


def test_who_may_escalate_need_not_have_what_the_charts_roles_give(clinic: Clinic) -> None:
    rule = {"apiGroups": [""], "resources": ["nodes"], "verbs": ["watch"]}
    about = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "agent"}}
    makes(clinic, {**about, "rules": [rule]})
    clinic.world.cluster.not_allowed = ("watch nodes",)
    assert clinic.find("rights").state == "ok"
    clinic.world.cluster.not_allowed = ("watch nodes", "escalate clusterroles.rbac.authorization.k8s.io agent")
    assert clinic.find("rights").state == "problem"


def test_a_role_of_others_may_be_bound_by_who_has_all_that_it_gives(clinic: Clinic) -> None:
    leads_to = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    about = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a"}}
    makes(clinic, {**about, "roleRef": leads_to, "subjects": []})
    cluster = clinic.world.cluster
    assert clinic.find("rights").state == "ok"
    cluster.not_allowed = ("bind clusterroles.rbac.authorization.k8s.io view",)
    assert "resourceNames: [view]\n    verbs: [bind]" in clinic.find("rights").found
    cluster.roles["view"] = {
        "kind": "ClusterRole",
        "rules": [{"apiGroups": [""], "resources": ["x"], "verbs": ["get"]}],
    }
    assert clinic.find("rights").state == "ok"
    assert cluster.reviews == {Right("erp-dev", "", "x", "get")}
    cluster.not_allowed = (*cluster.not_allowed, "get x in erp-dev")
    assert clinic.find("rights").state == "problem"


def test_the_file_gives_what_the_check_asks_for(clinic: Clinic) -> None:
    makes(clinic, STORE, AGENT)
    clinic.find("rights")
    found = rights_file(clinic.facts(), "access.yaml")
    given = {
        Right(one["metadata"].get("namespace", ""), group, resource, verb)
        for one in yaml.safe_load_all(found.text)
        for rule in one.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert given == clinic.world.cluster.reviews
    assert found.notes == ()
    assert "Assumed" not in found.text


def test_without_an_account_the_file_says_what_it_assumes(clinic: Clinic) -> None:
    clinic.no_account = ConfigurationError("no credentials")
    makes(clinic, STORE, AGENT)
    assert clinic.find("rights").state == "unknown"
    found = rights_file(clinic.facts(), "access.yaml")
    assert found.notes == (
        "The cluster was not asked: no credentials.",
        ASSUMED,
    )
    assert all(f"# {note}\n" in found.text for note in found.notes)
    assert "resources: [clustersecretstores]" in found.text


def test_a_running_release_that_may_not_be_read_is_said_and_the_rest_is_asked(clinic: Clinic) -> None:
    def refused(_: object) -> None:
        raise ReleaseFailed("the manifest of the release cannot be read", why="secrets is forbidden")

    clinic.world.helm.manifest = refused  # type: ignore[assignment,method-assign]
    clinic.world.cluster.not_allowed = ("list secrets",)
    result = clinic.find("rights")
    assert result.state == "problem"
    assert "resources: [secrets]" in result.found
    assert "the running release was not looked at" in result.found


@pytest.fixture
def rendering(erp: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A repository without an account, and a Helm that renders one object."""
    install_helm(tmp_path / "bin", monkeypatch, yaml.safe_dump(STORE, default_flow_style=True))
    monkeypatch.setenv("HOME", str(tmp_path))
    erp.write("helm-chart/values-dev.yaml", "services: {}\n")
    return erp


def test_the_command_writes_the_file_and_says_what_to_do_with_it(
    rendering: Checkout, erp_build: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "access.yaml"
    answer = erp_build("doctor", "--repo", rendering.root, "--only", "rights", "--write", path)
    assert answer.code == 0
    kinds = [one["kind"] for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]
    assert kinds == ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]
    assert f"kubectl apply --filename {path}" in answer.err
    assert "The cluster was not asked" in answer.err


def test_the_file_belongs_to_the_check_of_the_rights(
    rendering: Checkout, erp_build: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "access.yaml"
    answer = erp_build("doctor", "--repo", rendering.root, "--only", "git", "--write", path)
    assert answer.code == 2
    assert "erp-build doctor --only rights --write FILE" in answer.err
    assert not path.exists()
