"""Which rights a release needs, by its objects: each in its own place, with the verbs that Helm uses."""

from typing import Any

import pytest
import yaml

from erp_build.deployment.rights.assumed import assumed_resources
from erp_build.deployment.rights.needs import kind_of, needs_of
from erp_build.formats.kubernetes.manifest import flattened
from erp_build.model.releases.rights import URLS, Need, Right

RBAC = "rbac.authorization.k8s.io"


def objects(text: str) -> list[Any]:
    return [one for one in yaml.safe_load_all(text) if one]


def needs(rendered: str, running: str = "") -> dict[Right, Need]:
    """The needs of a release in the namespace `erp`, beyond those of a release without objects."""
    new, old = objects(rendered), objects(running)
    known = assumed_resources({kind_of(one) for one in flattened((*new, *old))}, ())
    own = {need.right for need in needs_of((), (), {}, "erp")}
    return {need.right: need for need in needs_of(new, old, known, "erp") if need.right not in own}


def verbs(rendered: str, running: str = "", *, fatal: bool = True) -> dict[str, set[str]]:
    """`namespace:resource` -> verbs."""
    found: dict[str, set[str]] = {}
    for right, need in needs(rendered, running).items():
        if need.is_fatal or not fatal:
            found.setdefault(f"{right.namespace}:{right.resource}", set()).add(right.verb)
    return found


CONFIG = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
ELSEWHERE = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: logs}}"


def test_every_release_needs_its_records_its_lock_and_what_the_watch_reads() -> None:
    found = needs_of((), (), {}, "erp")
    asked = {f"{need.right} in {need.right.namespace}" for need in found if need.is_fatal}
    assert {f"{verb} secrets in erp" for verb in ("get", "list", "create", "update", "delete")} <= asked
    assert {f"{verb} leases.coordination.k8s.io in erp" for verb in ("get", "create", "update")} <= asked
    assert "list pods in erp" in asked
    assert {str(need.right) for need in found if not need.is_fatal} == {"list events", "get pods/log", "list nodes"}


def test_helm_reads_makes_and_changes_each_object_where_it_says_that_it_is() -> None:
    assert verbs(f"{CONFIG}\n---\n{ELSEWHERE}") == {
        "erp:configmaps": {"get", "create", "patch"},
        "logs:configmaps": {"get", "create", "patch"},
    }


@pytest.mark.parametrize(
    ("item", "is_asked"),
    [
        ("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer}}", True),
        ("{apiVersion: elbv2.k8s.aws/v1beta1, kind: TargetGroupBinding, metadata: {name: a}}", True),
        ("{apiVersion: v1, kind: Service, metadata: {name: a}}", False),
    ],
)
def test_the_bindings_of_load_balancers_are_listed_where_there_are_any(item: str, *, is_asked: bool) -> None:
    listed = Right("erp", "elbv2.k8s.aws", "targetgroupbindings", "list")
    found = needs(item)
    assert (listed in found) is is_asked
    assert not is_asked or not found[listed].is_fatal


def test_what_is_in_no_namespace_is_needed_in_the_whole_cluster_whatever_it_says() -> None:
    store = "{apiVersion: external-secrets.io/v1, kind: ClusterSecretStore, metadata: {name: a, namespace: logs}}"
    assert verbs(store) == {":clustersecretstores": {"get", "create", "patch"}}


def test_a_role_should_let_everything_be_deleted_but_only_some_deployments_need_it() -> None:
    assert verbs(CONFIG, fatal=False)["erp:configmaps"] == {"get", "create", "patch", "delete"}
    assert "delete" not in verbs(CONFIG, CONFIG)["erp:configmaps"]


def test_what_the_chart_has_lost_is_deleted_in_its_own_namespace() -> None:
    assert verbs(CONFIG, f"{CONFIG}\n---\n{ELSEWHERE}")["logs:configmaps"] == {"get", "delete"}
    kept = ELSEWHERE.replace("namespace: logs", "namespace: logs, annotations: {helm.sh/resource-policy: keep}")
    assert "logs:configmaps" not in verbs(CONFIG, f"{CONFIG}\n---\n{kept}")


def test_what_a_deployment_adds_is_deleted_when_it_is_taken_back() -> None:
    assert "delete" in verbs(f"{CONFIG}\n---\n{ELSEWHERE}", CONFIG)["logs:configmaps"]


@pytest.mark.parametrize(
    ("hook", "kind", "expected"),
    [
        ("pre-upgrade", "batch/v1, kind: Job", {"get", "create", "patch", "delete", "list", "watch"}),
        ("post-install, post-upgrade", "v1, kind: ConfigMap", {"get", "create", "patch", "delete"}),
        ("pre-delete", "v1, kind: ConfigMap", None),
        ("test", "batch/v1, kind: Job", None),
    ],
)
def test_a_hook_is_made_anew_and_a_job_among_them_waited_for(hook: str, kind: str, expected: set[str] | None) -> None:
    item = f'{{apiVersion: {kind}, metadata: {{name: a, annotations: {{helm.sh/hook: "{hook}"}}}}}}'
    found = verbs(item)
    assert list(found.values()) == ([] if expected is None else [expected])


def test_objects_of_a_list_count_one_by_one() -> None:
    assert set(verbs(f"{{apiVersion: v1, kind: List, items: [{CONFIG}, {ELSEWHERE}]}}")) == {
        "erp:configmaps",
        "logs:configmaps",
    }


AGENT = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a, namespace: logs}}"


def test_what_makes_pods_elsewhere_is_watched_there() -> None:
    assert verbs(AGENT)["logs:daemonsets"] == {"get", "create", "patch", "list"}
    found = verbs(AGENT, fatal=False)
    assert (found["logs:pods"], found["logs:pods/log"], found["logs:events"]) == ({"list"}, {"get"}, {"list"})


def test_what_stays_as_it_is_need_not_be_watched() -> None:
    assert verbs(AGENT, AGENT) == {"logs:daemonsets": {"get", "create", "patch"}}
    assert verbs(AGENT, AGENT, fatal=False)["logs:pods"] == {"list"}


ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [pods, pods/logs], verbs: [get, watch]}
  - {apiGroups: [apps], resources: [deployments], resourceNames: [a], verbs: [patch]}
  - {nonResourceURLs: ["/metrics"], verbs: [get]}
"""
BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAME}
subjects: []
"""
HELD = {
    Right("", "", "pods", "get"), Right("", "", "pods", "watch"), Right("", "", "pods/logs", "get"),
    Right("", "", "pods/logs", "watch"), Right("", "apps", "deployments", "patch", "a"),
    Right("", URLS, "/metrics", "get"),
}  # fmt: skip
ESCALATE = Right("", RBAC, "clusterroles", "escalate", "reader")
BIND = Right("", RBAC, "clusterroles", "bind", "reader")


def given(rendered: str, running: str = "") -> dict[Right, tuple[Right, ...]]:
    """The rights beyond those of writing the roles, with what is enough instead."""
    plural = ("roles", "clusterroles", "rolebindings", "clusterrolebindings")
    found = needs(rendered, running).items()
    return {right: need.instead for right, need in found if right.resource not in plural or right.verb == "bind"}


def test_nobody_may_give_what_he_does_not_have_unless_he_may_escalate() -> None:
    assert given(ROLE) == dict.fromkeys(HELD, (ESCALATE,))


def test_a_binding_needs_what_its_role_gives_or_the_right_to_bind_it() -> None:
    assert given(f"{ROLE}\n---\n{BINDING.replace('NAME', 'reader')}") == dict.fromkeys(HELD, (ESCALATE, BIND))


def test_a_role_that_stays_as_it_is_gives_nothing_anew() -> None:
    assert given(ROLE, ROLE) == {}
    assert set(given(ROLE, ROLE.replace("watch", "list"))) == HELD


def test_a_role_of_others_has_to_be_bound_by_right() -> None:
    inside = BINDING.replace("ClusterRoleBinding", "RoleBinding").replace("NAME", "view")
    assert given(inside) == {Right("erp", RBAC, "clusterroles", "bind", "view"): ()}


def test_an_aggregated_role_may_become_everything() -> None:
    text = ROLE.partition("rules:")[0] + "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\n"
    assert set(given(text)) == {Right("", "*", "*", "*"), Right("", URLS, "*", "*")}


def test_a_right_that_is_needed_otherwise_too_has_no_substitute() -> None:
    role = ROLE.replace("ClusterRole", "Role").replace("[pods, pods/logs]", "[secrets]")
    known = assumed_resources({kind_of(one) for one in objects(role)})
    (need,) = (
        one for one in needs_of(objects(role), (), known, "erp") if one.right == Right("erp", "", "secrets", "get")
    )
    assert need.instead == ()
