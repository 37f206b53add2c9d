"""A saved plan in the real world: another process does it exactly so, or says what has moved and changes nothing.

Every image is in the registry already, so that no Maven is waited for.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.client import client
from tests.world.pairs import EMPLOYEE, SERVICE, Pair, administrators_helm
from tests.world.test_release import clone

pytestmark = pytest.mark.world


def saved(pair: Pair, folder: Path) -> Path:
    """The plan that a run until everything is cleared leaves; what runs stays as it is."""
    file, before = folder / "artifact" / "plan.json", pair.erp.look()
    done = pair.run("--until", "cleared", "--save", str(file))
    assert (done.code, done.report["outcome"]) == (0, "cleared"), done.stderr
    assert pair.erp.look() == before
    return file


def test_a_plan_is_done_by_another_process_with_a_checkout_of_its_own(pair: Pair, tmp_path: Path) -> None:
    before, head = pair.erp.look(), pair.next()
    file = saved(pair, tmp_path)
    plan = json.loads(file.read_text(encoding="utf-8"))
    done = pair.erp.start("--plan", str(file), repository=clone(pair, tmp_path / "other", head)).finish()
    assert done.code == 0, done.stderr
    pair.erp.commit = head
    assert done.report["saved_plan"]["digest"] == plan["digest"]
    (release,) = plan["units"]
    shown = {name: value for name, value in release["changes"].items() if not name.endswith("_seal")}
    assert done.report["changes"] == shown
    images = {one["name"]: one["image"] for one in release["targets"] if one["image"]}
    running = {one["name"]: one["running"] for one in done.report["targets"]}
    assert images.keys() == {SERVICE, EMPLOYEE}
    assert {name: running[name] for name in images} == images
    after = pair.erp.look()
    assert (after.function, after.revision) == (images[EMPLOYEE], before.revision + 1)
    assert set(after.deployments[SERVICE].digests) == {images[SERVICE]}


def another_commit(pair: Pair) -> None:
    (pair.erp.repository / "README.md").write_text("moved\n", encoding="utf-8")
    pair.erp.git("add", "README.md")
    pair.erp.git("commit", "--quiet", "--message", "Another commit")


def another_revision(pair: Pair) -> None:
    tenant, revision = pair.erp.tenant, pair.erp.look().revision
    administrators_helm("rollback", tenant.release, str(revision), "--namespace", tenant.namespace)


def another_function(pair: Pair) -> None:
    tenant = pair.erp.tenant
    repository = client("lambda").get_function(FunctionName=tenant.function)["Code"]["ImageUri"].partition("@")[0]
    image: Any = client("ecr").batch_get_image(
        repositoryName=f"{tenant.name}/employee-service-lambda", imageIds=[{"imageTag": "bootstrap"}]
    )["images"][0]["imageId"]
    client("lambda").update_function_code(FunctionName=tenant.function, ImageUri=f"{repository}@{image['imageDigest']}")


@pytest.mark.parametrize(
    ("move", "line"),
    [
        (another_commit, "head: "),
        (another_revision, "revision of release "),
        # Its callers get what the alias leads to; the code behind it is another one.
        (another_function, f"state of {EMPLOYEE}: "),
    ],
)
def test_what_has_moved_is_said_and_nothing_is_deployed(
    pair: Pair, tmp_path: Path, move: Callable[[Pair], None], line: str
) -> None:
    pair.next()
    file = saved(pair, tmp_path)
    move(pair)
    before = pair.erp.look()
    done = pair.run("--plan", str(file))
    assert done.code == 13, done.stderr
    assert line in done.stderr
    # Who is to be told of failures is told of this one.
    assert {effect["name"] for effect in done.report["effects"] if effect["state"] == "performed"} <= {"notify"}
    assert pair.erp.look() == before
    # The next run deploys as if nothing had been saved.
    assert pair.run().code == 0
