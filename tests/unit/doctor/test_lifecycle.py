"""The check of lifecycle policies where nothing is lost, and where something may not be read."""

from erp_build.errors import ConfigurationError, ReleaseFailed
from erp_build.model.images.lifecycle import Lifecycle
from tests.fakes.clinic import Clinic
from tests.fakes.registry import HOST, FakeRegistry
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY
from tests.support.lifecycle import keeps, policy_text
from tests.support.samples import EMPLOYEE, NOTIFICATION

REPOSITORY = f"erp/{NOTIFICATION}"
DENIED = ConfigurationError("ecr:GetLifecyclePolicy is not allowed", where="base/java")


def test_without_a_policy_nothing_is_removed(clinic: Clinic) -> None:
    result = clinic.find("lifecycle")
    assert (result.state, result.found) == ("ok", "no repository has a policy, so that nothing is removed")
    assert result.looked_at == "ecr:GetLifecyclePolicy of 4 repositories, and ecr:DescribeImages"


def test_a_policy_that_keeps_what_is_needed_is_ok_and_says_for_how_long(clinic: Clinic) -> None:
    clinic.world.registry.policies[REPOSITORY] = policy_text(keeps(30))
    result = clinic.find("lifecycle")
    assert result.found == "what runs and what a rollback needs stays for 30 days and the next push (policies: 1)"
    assert (result.state, result.next_step) == ("ok", "")


def test_deployments_before_the_next_rollback_are_told_and_how_many_images_they_need(clinic: Clinic) -> None:
    for text in ("one", "two", "three"):
        clinic.world.change(NOTIFICATION, text=text)
        clinic.world.run()
    clinic.world.registry.pushed.clear()
    clinic.world.registry.policies[REPOSITORY] = policy_text(keeps(3))
    result = clinic.find("lifecycle")
    assert result.state == "warning"
    assert f"what {NOTIFICATION} ran at " in result.found
    assert "a rollback leads to" not in result.found
    assert result.next_step == f"{REPOSITORY}: raise countNumber of rule 1 from 3 to at least 5"


def test_without_a_ledger_the_revisions_of_helm_are_what_a_rollback_needs(clinic: Clinic) -> None:
    for text in ("one", "two"):
        clinic.world.change(NOTIFICATION, text=text)
        clinic.world.run()
    clinic.world.leases.lease = None
    clinic.world.registry.pushed.clear()
    clinic.world.registry.policies[REPOSITORY] = policy_text(keeps(2))
    result = clinic.find("lifecycle")
    assert result.state == "warning"
    assert f"what a rollback leads to for {NOTIFICATION}" in result.found
    assert f"what {NOTIFICATION} ran at revision 1" in result.found
    assert result.next_step == f"{REPOSITORY}: raise countNumber of rule 1 from 2 to at least 4"


def test_what_an_alias_leads_to_runs_as_well(clinic: Clinic) -> None:
    world = clinic.world
    function = world.project.functions[0]._replace(publish=True, alias="live")
    world.project = world.project._replace(functions=(function,))
    world.change(EMPLOYEE)
    world.run()
    called = world.functions.aliases[f"{FUNCTION}:live"]
    # Somebody has updated the function by hand, and its callers still get the image before.
    world.functions.create(
        FUNCTION, f"{HOST}/{FUNCTION_REPOSITORY}:x", world.registry.push(FUNCTION_REPOSITORY, "x", "3" * 40)
    )
    world.registry.pushed.clear()
    world.registry.policies[FUNCTION_REPOSITORY] = policy_text(keeps(1))
    result = clinic.find("lifecycle")
    assert result.state == "problem"
    assert f"what {EMPLOYEE} runs ({called[:19]}) is deleted within a day by rule 1" in result.found


def test_images_that_only_a_later_run_could_use_are_a_word(clinic: Clinic) -> None:
    registry = clinic.world.registry
    registry.pushed.clear()
    running = clinic.world.cluster.digest(NOTIFICATION)
    registry.push(REPOSITORY, "key-0", "1" * 40)
    registry.push(REPOSITORY, "2222222", "2" * 40)
    # What runs was deployed again, and is the youngest.
    registry.pushed[running] = clinic.world.clock.now()
    registry.policies[REPOSITORY] = policy_text(keeps(2))
    result = clinic.find("lifecycle")
    assert result.state == "ok"
    assert result.found.splitlines()[1:] == [
        f"{REPOSITORY}: images that nothing needs, that a later run could use again, and that go as well: 1"
    ]


def test_who_may_not_read_a_policy_learns_nothing_of_any(clinic: Clinic) -> None:
    clinic.world.registry.no_policies = DENIED
    result = clinic.find("lifecycle")
    assert (result.state, "ecr:GetLifecyclePolicy is not allowed" in result.found) == ("unknown", True)


class ForeignBases(FakeRegistry):
    """A registry whose base images belong to others."""

    def lifecycle(self, repository: str) -> Lifecycle:
        if repository == "base/java":
            raise DENIED
        return super().lifecycle(repository)


def test_base_images_whose_policy_may_not_be_read_are_said(clinic: Clinic) -> None:
    target = clinic.world.project.services[0]
    clinic.world.checkout.write(f"{target.path}/{target.dockerfile}", f"FROM {HOST}/base/java:17\n")
    clinic.world.registry.__class__ = ForeignBases
    result = clinic.find("lifecycle")
    assert (result.state, "of base images it is not known: ecr:GetLifecyclePolicy" in result.found) == ("ok", True)


def test_a_ledger_that_may_not_be_read_is_no_proof_that_the_way_back_stays(clinic: Clinic) -> None:
    clinic.world.leases.troubles = [ReleaseFailed("leases.coordination.k8s.io is forbidden", next_step="allow it")] * 9
    clinic.world.registry.pushed.clear()
    clinic.world.registry.policies[REPOSITORY] = policy_text(keeps(30))
    result = clinic.find("lifecycle")
    assert (result.state, result.next_step) == ("unknown", "allow it")
    assert "past deployments are not known: leases.coordination.k8s.io is forbidden" in result.found
    clinic.world.registry.policies[REPOSITORY] = policy_text(keeps(1))
    result = clinic.find("lifecycle")
    assert result.state == "problem"
    assert "past deployments are not known" in result.found


def test_a_base_image_that_is_not_there_is_for_the_check_of_base_images(clinic: Clinic) -> None:
    # A pull-through cache has what was pulled last; the registry behind it has the rest.
    target, registry = clinic.world.project.services[0], clinic.world.registry
    clinic.world.checkout.write(f"{target.path}/{target.dockerfile}", f"FROM {HOST}/docker-hub/library/java:17\n")
    registry.repositories.add("docker-hub/library/java")
    registry.policies["docker-hub/library/java"] = policy_text(keeps(9))
    result = clinic.find("lifecycle")
    assert (result.state, "java:17" in result.found) == ("ok", False)


def test_a_cluster_that_does_not_answer_leaves_it_unknown(clinic: Clinic) -> None:
    clinic.world.registry.policies[REPOSITORY] = policy_text(keeps(30))
    clinic.world.cluster.is_away(seconds=1e9)
    assert clinic.find("lifecycle").state == "unknown"
