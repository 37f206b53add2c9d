"""A run of both halves that is killed (-9) after each of its steps, and the plain second run."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.sample import erp_commits
from tests.world.pairs import EMPLOYEE, KILLED, SERVICE, Pair, updates, with_helm

pytestmark = pytest.mark.world


@dataclass(frozen=True)
class Row:
    """How a run is killed, and what there is after the second one.

    Attributes:
        id: after which step.
        how: the effect and its number after which it is killed; none: by Helm.
        helm: which one.
        built: whether the employee service is built by it, and so the function alone is deployed.
        revisions: how many of Helm; Lambda is always updated once.
    """

    id: str
    how: tuple[str, ...] = ()
    helm: int = 3
    built: bool = False
    revisions: int = 1


MATRIX = (
    Row("the build", ("build_image", "1"), built=True, revisions=0),
    Row("the push", ("push", "1"), built=True, revisions=0, helm=4),
    Row("the edit of the values", ("write_file", "1"), helm=4),
    Row("the call of Lambda", ("update_function", "1")),
    Row("the version of the function", ("publish", "0"), helm=4),
    Row("the move of the alias", ("publish", "1")),
    Row("Lambda, before Helm", ("upgrade_release", "0"), helm=4),
    Row("the middle of Helm 3", revisions=3),
    Row("the middle of Helm 4", helm=4, revisions=3),
    Row("Helm, before the proof", ("upgrade_release", "1"), helm=4),
    Row("the first latest", ("tag", "3")),
)


def kill(pair: Pair, *how: str, env: dict[str, str]) -> None:
    """A run that is killed on its way."""
    done = pair.erp.start(module=("tests.support.killed", *how) if how else ("erp_build",), env=env).finish(300)
    assert done.code == -9, done.stderr


@pytest.mark.parametrize("row", MATRIX, ids=[row.id for row in MATRIX])
def test_a_second_run_repairs_what_one_left_that_was_killed_after(pair: Pair, tmp_path: Path, row: Row) -> None:
    before, env = pair.erp.look(), erp_build_process.environment(row.helm)
    head = erp_commits.fresh(pair.erp.repository, EMPLOYEE) if row.built else pair.next()
    Faults().clear()
    kill(pair, *row.how, env=env if row.how else with_helm(pair, row.helm, tmp_path, KILLED))
    done = pair.run(env=env)
    assert done.code == 0, done.stderr
    after = pair.erp.look()
    pair.erp.commit = head
    assert (updates(), after.revision) == (1, before.revision + row.revisions)
    assert after.function != before.function
    (digest,) = set(after.deployments[SERVICE].digests)
    assert (digest != before.deployments[SERVICE].digests[0]) is not row.built
    repository = f"{pair.erp.tenant.name}/{SERVICE}"
    assert after.latest[repository] == digest
    assert after.latest[f"{pair.erp.tenant.name}/employee-service-lambda"] == after.function
    assert list((pair.erp.repository / "helm-chart").glob(".values-dev.yaml.*")) == []
    again = pair.run(env=env)
    assert again.report["outcome"] == "nothing"
    assert {target["name"]: target["running"] for target in again.report["targets"] if target["running"]} == {
        **{name: one.digests[0] for name, one in after.deployments.items()},
        EMPLOYEE: after.function,
    }
