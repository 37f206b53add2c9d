"""Troubles of lifecycle policies: what runs, what a rollback needs, and what images are built on."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.fakes.clinic import Clinic
from tests.fakes.registry import HOST
from tests.fakes.world import FUNCTION_REPOSITORY
from tests.support.lifecycle import expires_after, keeps, policy_text
from tests.support.samples import EMPLOYEE, NOTIFICATION
from tests.unit.doctor.trouble import Trouble

REPOSITORY = f"erp/{NOTIFICATION}"


def one_image_is_kept(clinic: Clinic) -> None:
    has_policy(clinic, REPOSITORY, keeps(1))


def pushed_and_never_deployed(clinic: Clinic) -> None:
    """Two images of runs that the gate has stopped are newer than what runs."""
    for tag in ("1111111", "2222222"):
        clinic.world.registry.push(REPOSITORY, tag, tag[0] * 40)
    has_policy(clinic, REPOSITORY, keeps(2))


def two_images_are_kept(clinic: Clinic) -> None:
    deployed_again(clinic, NOTIFICATION)
    has_policy(clinic, REPOSITORY, keeps(2))


def function_has_no_way_back(clinic: Clinic) -> None:
    deployed_again(clinic, EMPLOYEE)
    has_policy(clinic, FUNCTION_REPOSITORY, keeps(2))


def way_back_is_gone(clinic: Clinic) -> None:
    before = clinic.world.cluster.digest(NOTIFICATION)
    deployed_again(clinic, NOTIFICATION)
    registry = clinic.world.registry
    registry.tags = {name: digest for name, digest in registry.tags.items() if digest != before}
    del registry.images[before]
    has_policy(clinic, REPOSITORY, keeps(9))


def what_runs_is_gone(clinic: Clinic) -> None:
    digest, registry = clinic.world.cluster.digest(NOTIFICATION), clinic.world.registry
    registry.tags = {name: one for name, one in registry.tags.items() if one != digest}
    del registry.images[digest]
    has_policy(clinic, REPOSITORY, keeps(9))


def images_grow_old(clinic: Clinic) -> None:
    registry = clinic.world.registry
    registry.pushed = dict.fromkeys(registry.images, clinic.world.clock.now() - timedelta(days=4))
    registry.policies[REPOSITORY] = policy_text(expires_after(14))


def evidence_counts(clinic: Clinic) -> None:
    world = clinic.world
    world.project = world.project._replace(build=world.project.build._replace(evidence=True))
    has_policy(clinic, REPOSITORY, keeps(3))


def no_policy_as_we_know_it(clinic: Clinic) -> None:
    clinic.world.registry.policies[REPOSITORY] = "[]"


def newer_policy(clinic: Clinic) -> None:
    rule = keeps(30)
    rule["selection"]["countType"] = "sinceImageScanned"
    has_policy(clinic, REPOSITORY, rule)


def base_is_removed(clinic: Clinic) -> None:
    registry, target = clinic.world.registry, clinic.world.project.services[0]
    clinic.world.checkout.write(f"{target.path}/{target.dockerfile}", f"FROM {HOST}/base/java:17\nCOPY a.jar a.jar\n")
    registry.repositories.add("base/java")
    registry.push("base/java", "17", "7" * 40)
    registry.push("base/java", "21", "8" * 40)
    registry.policies["base/java"] = policy_text(keeps(1))


def has_policy(clinic: Clinic, repository: str, *rules: Mapping[str, Any]) -> None:
    """Give a repository a policy; of its images the later ones are younger."""
    clinic.world.registry.pushed.clear()
    clinic.world.registry.policies[repository] = policy_text(*rules)


def deployed_again(clinic: Clinic, name: str) -> None:
    clinic.world.change(name)
    clinic.world.run()


LIFECYCLE_TROUBLES = (
    Trouble(
        "lifecycle", "one image is kept", one_image_is_kept, "problem", ("of the next push by rule 1", "to at least 2")
    ),
    Trouble(
        "lifecycle",
        "other pushes came later",
        pushed_and_never_deployed,
        "problem",
        (
            f"{REPOSITORY}: what {NOTIFICATION} runs (sha256:",
            "is deleted within a day by rule 1",
            "from 2 to at least 4",
        ),
    ),
    Trouble(
        "lifecycle",
        "no way back",
        two_images_are_kept,
        "warning",
        (f"{REPOSITORY}: what a rollback leads to for {NOTIFICATION} (sha256:", "from 2 to at least 3"),
    ),
    Trouble(
        "lifecycle",
        "no way back for a function",
        function_has_no_way_back,
        "warning",
        (f"{FUNCTION_REPOSITORY}: what a rollback leads to for {EMPLOYEE}", "from 2 to at least 3"),
    ),
    Trouble(
        "lifecycle",
        "the way back is gone",
        way_back_is_gone,
        "warning",
        (
            "is not there any more",
            "aws ecr update-image-storage-class brings back an archived image",
            "let the policy keep more",
        ),
    ),
    Trouble(
        "lifecycle",
        "what runs is gone",
        what_runs_is_gone,
        "problem",
        (
            f"{REPOSITORY}: what {NOTIFICATION} runs is not there any more (sha256:",
            "erp-build run --rebuild NAME replaces a deleted one",
        ),
    ),
    Trouble("lifecycle", "by age", images_grow_old, "warning", ("is deleted in 10 days", "go by imageCountMoreThan")),
    Trouble("lifecycle", "evidence counts", evidence_counts, "problem", ("of the next push", "from 3 to at least 4")),
    Trouble("lifecycle", "no policy", no_policy_as_we_know_it, "warning", ("cannot be read", "newer erp_build")),
    Trouble("lifecycle", "a newer policy", newer_policy, "warning", ("may be removed by rule 1", "a preview of ECR")),
    Trouble(
        "lifecycle",
        "a base",
        base_is_removed,
        "warning",
        (
            "base/java: the base image",
            "from 1 to at least 2, unless it is a pull-through cache, which fetches it again",
        ),
    ),
)
