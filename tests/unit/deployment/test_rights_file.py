"""Rights as RBAC: what the file gives is what was asked for, no more and no less."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from erp_build.deployment.rights.access_file import file_of_release
from erp_build.deployment.rights.assumed import assumed_resources, is_own
from erp_build.deployment.rights.needs import kind_of, needs_of
from erp_build.deployment.rights.rbac import access_file, told_rules
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import URLS, Kind, Need, Resource, Right, Why

RELEASE = Release("c", "erp", "shop")
LOGS = """
{apiVersion: v1, kind: Namespace, metadata: {name: logs}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: fluent-bit, namespace: logs}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: fluent-bit-role}
rules: [{apiGroups: [""], resources: [namespaces, pods, pods/logs], verbs: [get, list, watch]}]
"""


def rights_in(text: str, unnamed: str = "") -> set[Right]:
    """What a file gives, by the reader of YAML 1.1 that the cluster has."""
    found = set()
    for one in yaml.safe_load_all(text):
        if one["kind"] not in ("Role", "ClusterRole"):
            continue
        place = one["metadata"].get("namespace", unnamed) if one["kind"] == "Role" else ""
        for rule in one["rules"]:
            names = rule.get("resourceNames", [""])
            found |= {
                Right(place, group, resource, verb, name)
                for group in rule.get("apiGroups", ())
                for resource in rule["resources"]
                for verb in rule["verbs"]
                for name in names
            }
            found |= {
                Right(place, URLS, url, verb) for url in rule.get("nonResourceURLs", ()) for verb in rule["verbs"]
            }
    return found


def made(text: str = LOGS) -> tuple[tuple[Need, ...], str]:
    objects: list[Any] = list(yaml.safe_load_all(text))
    needs = needs_of(objects, (), assumed_resources({kind_of(one) for one in objects}), RELEASE.namespace)
    return needs, file_of_release(needs, objects, RELEASE, path="a b.yaml", notes=["Noted."])


WORDS = some.sampled_from(
    ["", "*", "no", "apps", "pods", "pods/log", "a.b-c", "1e3", "x y", "null", "Ünï", "#", "a: b"]
)
RIGHTS = some.builds(
    Right, WORDS, WORDS, WORDS.filter(bool), some.sampled_from(["get", "list", "*", "use"]), WORDS
) | some.builds(Right, some.just(""), some.just(URLS), WORDS.filter(bool), some.just("get"), some.just(""))


@given(some.sets(RIGHTS, max_size=6))
def test_a_file_gives_exactly_what_is_needed(rights: set[Right]) -> None:
    text = access_file([Need(one, Why.CHART) for one in rights], head=())
    assert rights_in(text) == rights


def test_each_place_has_a_role_and_its_binding_for_the_group() -> None:
    _, text = made()
    documents = list(yaml.safe_load_all(text))
    assert [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in documents] == [
        ("Namespace", None, "logs"),
        ("Role", "erp", "erp-build"),
        ("RoleBinding", "erp", "erp-build"),
        ("Role", "logs", "erp-build"),
        ("RoleBinding", "logs", "erp-build"),
        ("ClusterRole", None, "erp-build-erp-shop"),
        ("ClusterRoleBinding", None, "erp-build-erp-shop"),
    ]
    group = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "erp-build"}
    bound = [one for one in documents if one["kind"].endswith("Binding")]
    assert [one["subjects"] for one in bound] == [[group]] * 3
    assert [one["roleRef"]["name"] for one in bound] == [one["metadata"]["name"] for one in bound]
    assert [one["roleRef"]["kind"] for one in bound] == ["Role", "Role", "ClusterRole"]


def test_the_file_gives_all_needs_the_unneeded_ones_too_and_no_wildcard() -> None:
    needs, text = made()
    assert rights_in(text) == {need.right for need in needs}
    assert "*" not in text
    assert text.startswith("# What the role of a run may do")
    assert "#   kubectl apply --filename 'a b.yaml'\n" in text
    assert "# Noted.\n" in text


def test_a_namespace_that_the_chart_makes_is_made_as_one_that_helm_takes_for_its_own() -> None:
    _, text = made()
    space = next(yaml.safe_load_all(text))
    assert space["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "Helm"}
    assert space["metadata"]["annotations"] == {
        "meta.helm.sh/release-name": "shop",
        "meta.helm.sh/release-namespace": "erp",
    }


def test_a_namespace_that_the_command_names_is_not_in_the_file() -> None:
    needs, _ = made()
    text = access_file(needs, head=(), unnamed="erp")
    assert rights_in(text, unnamed="erp") == {need.right for need in needs}
    assert "namespace: erp" not in text


def test_missing_rights_are_told_as_rules_of_their_place() -> None:
    told = told_rules(
        [Right("logs", "", "pods", "list"), Right("", "apps", "x", "get"), Right("logs", "", "pods", "get")]
    )
    assert told.splitlines() == [
        *("in namespace logs:", '  - apiGroups: [""]', "    resources: [pods]", "    verbs: [get, list]"),
        *("in the whole cluster:", "  - apiGroups: [apps]", "    resources: [x]", "    verbs: [get]"),
    ]


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        (Kind("external-secrets.io/v1", "ExternalSecret"), Resource("externalsecrets", is_namespaced=True)),
        (Kind("external-secrets.io/v1", "ClusterSecretStore"), Resource("clustersecretstores", is_namespaced=False)),
        (Kind("elbv2.k8s.aws/v1beta1", "TargetGroupBinding"), Resource("targetgroupbindings", is_namespaced=True)),
        (Kind("x.io/v1", "Proxy"), Resource("proxies", is_namespaced=True)),
        (Kind("x.io/v1", "Gateway"), Resource("gateways", is_namespaced=True)),
    ],
)
def test_without_a_cluster_a_custom_kind_is_assumed_by_its_name(kind: Kind, resource: Resource) -> None:
    assert assumed_resources([kind]) == {kind: resource}
    assert not is_own(kind)


def test_without_a_cluster_a_definition_of_the_chart_says_what_its_kind_is_called() -> None:
    names = {"kind": "Sheep", "plural": "flock"}
    defined = {"kind": "CustomResourceDefinition", "spec": {"group": "x.io", "names": names, "scope": "Cluster"}}
    kind = Kind("x.io/v1", "Sheep")
    assert assumed_resources([kind], [defined]) == {kind: Resource("flock", is_namespaced=False)}
