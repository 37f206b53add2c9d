"""What may move between a saved plan and the run that does it: each thing, and the line that the run refuses with."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from erp_build.deployment.preflight import check_plan
from erp_build.model.stages.hooks import Pipeline
from tests.fakes.registry import HOST, scan
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, REQUEST

ALIAS = f"{FUNCTION}:live"
WAIVERS = """\
[[waiver]]
id = "CVE-1"
package = "a"
reason = "not reachable"
owner = "kim"
until = 2026-01-02
"""


def by_hand(world: FakeWorld, repository: str) -> str:
    """Somebody pushes an image."""
    return world.registry.push(repository, "by-hand", "c" * 40)


def another_commit(world: FakeWorld) -> None:
    world.change(REQUEST)


def not_committed(world: FakeWorld) -> None:
    world.uncommitted = {"backend/approval-request-service/src/App.java": "class App { int other; }"}


def a_file_laid_there(world: FakeWorld) -> None:
    """Git does not tell of it, and a hook of the chart is none of the objects that are compared."""
    world.uncommitted = {"helm-chart/templates/laid.yaml": "kind: Job"}


def another_image_under_the_tag(world: FakeWorld) -> None:
    head = world.report.frozen.head if world.report.frozen else ""
    world.registry.tags[f"erp/{NOTIFICATION}", head[:7]] = by_hand(world, f"erp/{NOTIFICATION}")


def another_image_of_a_service(world: FakeWorld) -> None:
    by_hand(world, f"erp/{REQUEST}")
    world.cluster.deployments[REQUEST].image = f"{HOST}/erp/{REQUEST}:by-hand"


def another_image_of_a_function(world: FakeWorld) -> None:
    digest = by_hand(world, FUNCTION_REPOSITORY)
    world.functions.create(FUNCTION, f"{HOST}/{FUNCTION_REPOSITORY}:by-hand", digest)
    world.functions.aliases[ALIAS] = digest


def another_alias(world: FakeWorld) -> None:
    world.functions.aliases[ALIAS] = by_hand(world, FUNCTION_REPOSITORY)


def another_code_behind_the_alias(world: FakeWorld) -> None:
    digest = by_hand(world, FUNCTION_REPOSITORY)
    world.functions.create(FUNCTION, f"{HOST}/{FUNCTION_REPOSITORY}@{digest}", digest)


def another_revision(world: FakeWorld) -> None:
    world.helm.was_deployed(running_values(world))


def a_pending_revision(world: FakeWorld) -> None:
    world.helm.is_pending("2026-01-01T01:00:00Z")


def installed_anew(world: FakeWorld) -> None:
    newest = world.helm.revisions[-1]
    world.helm.revisions[-1] = replace(newest, updated="2026-02-01T00:00:00Z")


def running_values(world: FakeWorld) -> str:
    """The values file with the tags that run."""
    text = world.values.read_text(encoding="utf-8")
    for tag in world.cluster.running().values():
        text = text.replace('"latest"', f'"{tag}"', 1)
    return text


def another_latest(world: FakeWorld) -> None:
    world.registry.tags[f"erp/{REQUEST}", "latest"] = by_hand(world, f"erp/{REQUEST}")


def another_values_file(world: FakeWorld) -> None:
    """Between the comparison of the files and their use; Git sees every earlier change."""

    def edit(*_: object, **__: object) -> None:
        world.values.write_text(world.values.read_text("utf-8").replace("개발", "운영"), encoding="utf-8")

    world.pipeline = Pipeline().at(check_plan).before(edit)


def another_value_in_the_values_file(world: FakeWorld) -> None:
    def edit(*_: object, **__: object) -> None:
        text = world.values.read_text("utf-8").replace("replicaCount: 2", "replicaCount: 9")
        world.values.write_text(text, encoding="utf-8")

    world.pipeline = Pipeline().at(check_plan).before(edit)


def another_object(world: FakeWorld) -> None:
    world.helm.makes = lambda _: [{"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}]


def another_policy(world: FakeWorld) -> None:
    world.project = world.project._replace(gate=world.project.gate._replace(block=("CRITICAL", "HIGH")))


def other_settings(world: FakeWorld) -> None:
    world.project = world.project._replace(deploy=world.project.deploy._replace(on_failure="keep"))


def another_waiver(world: FakeWorld) -> None:
    world.uncommitted = {"waivers.toml": WAIVERS.replace("CVE-1", "CVE-2")}


def an_expired_waiver(world: FakeWorld) -> None:
    world.clock.sleep(timedelta(days=3).total_seconds())


def a_new_finding(world: FakeWorld) -> None:
    world.registry.answers(f"erp/{NOTIFICATION}", scan(LOW=1))


def a_finding_over_the_policy(world: FakeWorld) -> None:
    world.registry.answers(f"erp/{NOTIFICATION}", scan(CRITICAL=1))


def no_image(world: FakeWorld) -> None:
    digest = next(image.digest for image in world.report.images if image.target == NOTIFICATION)
    del world.registry.images[digest]


def another_cluster(world: FakeWorld) -> None:
    world.parameters.values["/erp/dev/environment"] = "prod"


def one_more_service(world: FakeWorld) -> None:
    fewer = tuple(one for one in world.project.services if one.name != REQUEST)
    world.project = world.project._replace(services=fewer)


MOVES: dict[str, tuple[Callable[[FakeWorld], None], str]] = {
    "head": (another_commit, "head: "),
    "tree": (not_committed, "tree: not committed: backend/approval-request-service/src/App.java"),
    "file laid there": (a_file_laid_there, "tree: other files lie among those of helm-chart"),
    "tag": (another_image_under_the_tag, f"image of {NOTIFICATION}: the tag "),
    "live tag": (another_image_of_a_service, f"what runs of {REQUEST}: "),
    "function": (another_image_of_a_function, f"what runs of {EMPLOYEE}: "),
    "alias": (another_alias, f"what runs of {EMPLOYEE}: "),
    "code": (another_code_behind_the_alias, f"state of {EMPLOYEE}: nothing in the plan, now alias live leads to "),
    "revision": (another_revision, "revision of release erp-microservices, namespace erp-dev: 1 in the plan, now 2"),
    "pending revision": (a_pending_revision, "revision of release erp-microservices, namespace erp-dev: 1 in"),
    "installed anew": (installed_anew, "1 was made at 2026-01-01T00:00:00.000001Z, now another one of this number"),
    "latest": (another_latest, f"`latest` of {REQUEST}: "),
    "values file": (another_values_file, "values: the values files are not those of the plan"),
    "values": (another_value_in_the_values_file, "spec.replicas"),
    "object": (another_object, "objects: ConfigMap settings would be added, which was not planned"),
    "policy": (another_policy, "policy, block: CRITICAL in the plan, now CRITICAL, HIGH"),
    "settings": (other_settings, "settings of erp-build.toml: "),
    "waiver": (another_waiver, "waiver gone: CVE-1 (a), kim, until 2026-01-02: not reachable"),
    "expired waiver": (an_expired_waiver, "waiver expired: CVE-1 (a), kim, until 2026-01-02: not reachable"),
    "finding": (a_new_finding, f"new finding in {NOTIFICATION}: CVE-LOW-0 LOW (no package named)"),
    "finding over the policy": (a_finding_over_the_policy, f"new finding in {NOTIFICATION}: CVE-CRITICAL-0 CRITICAL"),
    "image": (no_image, f"image of {NOTIFICATION}: what was cleared is not in the registry any more"),
    "place": (another_cluster, "environment: dev in the plan, now prod"),
    "project": (one_more_service, "settings of erp-build.toml: "),
}
"""What moves -> how, and a part of the line that is said of it."""
