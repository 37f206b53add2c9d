"""What is asked before the first write: only what the plan needs, and all of it."""

from typing import Literal

import pytest

from erp_build.deployment.preflight import check_plan
from erp_build.errors import ConfigurationError, FunctionUpdateFailed, ReleaseFailed
from erp_build.model.plan import Plan
from erp_build.model.releases.rights import Kind
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import CHART, DIGEST, EMPLOYEE, HEAD, NOTIFICATION, REQUEST, plan_of

POM = "pom.xml"


def check(world: FakeWorld, plan: Plan) -> None:
    check_plan(world.site(), plan)


def test_a_plan_that_fits_passes_and_changes_nothing(new_world: FakeWorld) -> None:
    before = new_world.values.read_bytes()
    check(new_world, plan_of({NOTIFICATION: POM, EMPLOYEE: POM}))
    assert new_world.assembly.checked == (NOTIFICATION, EMPLOYEE)
    assert new_world.values.read_bytes() == before
    assert new_world.done() == []


def test_a_chart_change_needs_no_maven_and_no_repository(new_world: FakeWorld) -> None:
    new_world.assembly.missing = "Maven"
    new_world.registry.repositories.clear()
    check(new_world, plan_of({CHART: "helm-chart/Chart.yaml"}))
    assert new_world.assembly.checked == ()


def test_a_function_alone_needs_neither_values_nor_release(new_world: FakeWorld) -> None:
    new_world.values.unlink()
    new_world.helm.is_pending()
    check(new_world, plan_of({EMPLOYEE: POM}))


def test_the_values_of_unchanged_services_are_checked_too(new_world: FakeWorld) -> None:
    text = new_world.values.read_text(encoding="utf-8")
    new_world.values.write_text(text.replace("approvalRequest:", "requests:"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"{REQUEST} has no image in the values file"):
        check(new_world, plan_of({NOTIFICATION: POM}))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        pytest.param('      tag: "latest"  # 배포할 태그\n', "", "no image in the values file", id="no tag"),
        pytest.param("      repository: ", "      name: ", "no image in the values file", id="no repository"),
        pytest.param("replicaCount: 2", "replicaCount: [", "cannot be read", id="no YAML"),
        pytest.param(
            "  approvalRequest:\n", "  approvalRequest:\n    enabled: false\n", "is switched off", id="switched off"
        ),
        pytest.param(
            "  approvalRequest:\n",
            "  approvalRequest:\n    enabled: Off\n",
            "is switched off",
            id="switched off for YAML 1.1",
        ),
        pytest.param(
            "  approvalRequest:\n",
            "  approvalRequest:\n    enabled:\n",
            "is switched off",
            id="switched off by nothing",
        ),
        pytest.param("amazonaws.com/erp/", "amazonaws.com/other/", "not pushed", id="another repository"),
    ],
)
def test_values_without_an_image_are_refused(new_world: FakeWorld, old: str, new: str, what: str) -> None:
    text = new_world.values.read_text(encoding="utf-8")
    assert old in text
    new_world.values.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=what) as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert str(new_world.values) in caught.value.where


def test_a_values_file_that_is_not_there_is_named(new_world: FakeWorld) -> None:
    new_world.values.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert caught.value.where == str(new_world.values)
    assert "`values` of [chart]" in caught.value.next_step


def pins(world: FakeWorld, pin: Literal["auto", "always", "never"]) -> None:
    world.project = world.project._replace(chart=world.project.chart._replace(pin=pin))


@pytest.mark.parametrize("pin", ["auto", "always"])
def test_the_chart_is_tried_with_the_digests_that_it_will_have(
    new_world: FakeWorld, pin: Literal["auto", "always"]
) -> None:
    pins(new_world, pin)
    preview = check_plan(new_world.site(), plan_of({NOTIFICATION: POM}))
    (values,) = new_world.helm.checked
    assert values.count(f'tag: "0ld1234@{DIGEST}"') == 2
    assert f'tag: "{HEAD[:7]}@sha256:' in values
    assert preview.by_tag == ""
    assert f'+      tag: "{HEAD[:7]}@sha256:(known after the build)"' in preview.values


def by_tag(world: FakeWorld) -> str:
    """Why the release is deployed by tag; the chart was tried with nothing but tags."""
    reason = check_plan(world.site(), plan_of({NOTIFICATION: POM})).by_tag
    (values,) = world.helm.checked
    assert values.count(f'tag: "{HEAD[:7]}"') == 1
    assert values.count('tag: "0ld1234"') == 2
    return reason


def test_a_chart_may_be_deployed_by_tag_on_purpose(new_world: FakeWorld) -> None:
    pins(new_world, "never")
    assert by_tag(new_world) == 'erp-build.toml says pin = "never"'


def test_a_chart_that_refuses_digests_is_deployed_by_tag_and_says_why(new_world: FakeWorld) -> None:
    new_world.helm.refuses_digests = True
    assert by_tag(new_world) == "the chart refuses it: image.tag: does not match pattern"


def test_a_chart_that_refuses_digests_may_be_refused_itself(new_world: FakeWorld) -> None:
    pins(new_world, "always")
    new_world.helm.refuses_digests = True
    with pytest.raises(ReleaseFailed, match="does not let its images be named by digest") as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert "does not match pattern" in caught.value.why


@pytest.mark.parametrize("pin", ["auto", "always", "never"])
def test_a_chart_that_renders_in_no_way_is_at_fault_itself(
    new_world: FakeWorld, pin: Literal["auto", "always", "never"]
) -> None:
    pins(new_world, pin)
    new_world.helm.failures["render"] = ReleaseFailed("the chart does not render", why="no such function")
    with pytest.raises(ReleaseFailed, match="the chart does not render"):
        check(new_world, plan_of({NOTIFICATION: POM}))


def test_rights_that_are_missing_are_all_named_before_anything_is_written(world: FakeWorld) -> None:
    world.cluster.not_allowed = ("create secrets", "patch deployments.apps", "list events")
    world.change(NOTIFICATION, EMPLOYEE)
    with pytest.raises(ReleaseFailed, match="lacks 2 rights") as caught:
        world.run()
    # The rules that give them; a run can do without the events.
    assert caught.value.why.splitlines() == [
        *("in namespace erp-dev:", '  - apiGroups: [""]', "    resources: [secrets]", "    verbs: [create]"),
        *("  - apiGroups: [apps]", "    resources: [deployments]", "    verbs: [patch]"),
    ]
    assert caught.value.where == "erp-dev, in namespace erp-dev"
    assert "erp-build doctor --only rights --write access.yaml" in caught.value.next_step
    assert world.verbs() == []


def test_a_refusal_of_the_cluster_is_told_by_all_rights_that_are_missing(new_world: FakeWorld) -> None:
    new_world.cluster.not_allowed = ("get deployments.apps", "create secrets")
    new_world.helm.failures["check_chart"] = ReleaseFailed("no", why='deployments.apps "a" is forbidden')
    with pytest.raises(ReleaseFailed, match="lacks 2 rights") as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert "forbidden" in f"{caught.value.__cause__}" + caught.value.__cause__.why  # type: ignore[union-attr]


def test_a_refusal_for_another_reason_stays_the_clusters_own(new_world: FakeWorld) -> None:
    new_world.helm.failures["check_chart"] = ReleaseFailed("the cluster would not take the release", why="quota")
    with pytest.raises(ReleaseFailed, match="would not take the release"):
        check(new_world, plan_of({NOTIFICATION: POM}))


def test_a_kind_that_the_cluster_does_not_serve_is_named_with_what_it_serves(new_world: FakeWorld) -> None:
    new_world.cluster.unserved = {Kind("apps/v1", "Deployment")}
    new_world.cluster.versions = {"apps": ("apps/v1beta1",)}
    new_world.cluster.not_allowed = ("create secrets",)
    with pytest.raises(ReleaseFailed, match=r"does not serve 1 kind of .*, and the role lacks 1 right") as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert caught.value.why.startswith("Deployment of apps/v1: of this API group it serves apps/v1beta1\n")


def test_a_function_that_may_not_be_updated_is_found_before_the_build(new_world: FakeWorld) -> None:
    new_world.functions.protected.add(FUNCTION)
    with pytest.raises(FunctionUpdateFailed, match="not allowed"):
        check(new_world, plan_of({EMPLOYEE: POM}))


def test_a_service_without_a_tag_to_keep_is_found_before_the_build(world: FakeWorld) -> None:
    world.cluster.is_set_by_hand(REQUEST)
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="has no running tag to keep"):
        world.run()
    assert world.verbs() == []


def test_what_the_values_file_keeps_secret_is_masked_from_then_on(new_world: FakeWorld) -> None:
    text = new_world.values.read_text(encoding="utf-8")
    secret = "database:\n  password: invented-one\n  uri: mongodb://erp:invented/two@mongo\n"
    new_world.values.write_text(text + secret, encoding="utf-8")
    check(new_world, plan_of({NOTIFICATION: POM}))
    assert new_world.secrets.mask("invented-one, invented/two") == "***, ***"


@pytest.mark.parametrize("name", [NOTIFICATION, EMPLOYEE])
def test_an_image_with_the_key_that_is_for_another_platform_is_not_reused_and_the_plan_says_so(
    world: FakeWorld, name: str
) -> None:
    world.change(name)
    world.run()
    reverted = world.revert()
    (image,) = {one.digest for one in world.registry.images.values() if one.digest in old_images(world, name)}
    world.registry.platforms[image] = "linux/arm64"
    plan = world.run().plan
    assert plan is not None
    assert world.actions() == {name: "build"}
    step = next(step for step in plan.steps if step.target.name == name)
    assert "it is for linux/arm64" in step.because[-1].rule
    assert reverted[:7] in world.registry.tags_of(world.report.images[0].digest)
    assert image not in world.latest().values()


def old_images(world: FakeWorld, name: str) -> set[str]:
    """The digests that a target has in the registry and does not run."""
    repository = f"erp/{next(one.repository for one in world.project.image_targets if one.name == name)}"
    mine = {digest for (place, _), digest in world.registry.tags.items() if place == repository}
    return {digest for digest in mine if digest in world.registry.revisions} - {
        world.registry.tags[repository, "latest"]
    }


def test_a_values_file_that_nobody_may_write_is_refused_before_anything_is_built(new_world: FakeWorld) -> None:
    new_world.values.chmod(0o444)
    with pytest.raises(ConfigurationError, match="the file is read-only") as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert "chmod u+w" in caught.value.next_step
    assert new_world.done() == []


def test_a_values_file_outside_of_the_repository_is_refused(new_world: FakeWorld) -> None:
    outside = new_world.root.parent / "outside.yaml"
    new_world.values.rename(outside)
    new_world.values.symlink_to(outside)
    with pytest.raises(ConfigurationError, match="leads out of the repository") as caught:
        check(new_world, plan_of({NOTIFICATION: POM}))
    assert str(outside) in caught.value.why
    assert new_world.done() == []
