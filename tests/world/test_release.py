"""Lambda and Helm as one release on the deployed ERP: killed at every step, taken back, locked, edited by hand.

Every deployment here has its images in the registry already, so that no Maven is waited for.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes

from sandbox import kube, runner, sample
from sandbox.faults import Faults
from sandbox.layout import ADMIN_KUBECONFIG, ROOT
from sandbox.parts import binaries
from sandbox.tenant import FUNCTION_PASSWORD, client
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

SERVICE, EMPLOYEE = "notification-service", "employee-service"
PENDING = """\
#!/bin/sh
# Helm, killed together with the run that called it while its revision is pending.
case " $* " in
  *" --dry-run"*) ;;
  *" upgrade "*)
    {helm} "$@" --wait &
    helm=$!
    look="{helm} history {release} --namespace {namespace} --kubeconfig {kubeconfig}"
    until $look 2>/dev/null | tail -n 1 | grep -q pending-upgrade; do sleep 0.1; done
    kill -9 $helm $PPID
    exit 1;;
esac
exec {helm} "$@"
"""


@dataclass
class Pair:
    """The ERP with two contents whose images are all there: deploying the one or the other builds nothing."""

    erp: Erp

    def next(self) -> str:
        """Commit the other content of both halves; returns the commit."""
        return sample.toggle(self.erp.repository, SERVICE, EMPLOYEE)

    def run(self, *words: str, env: dict[str, str] | None = None) -> runner.Finished:
        return self.erp.run(*words, env=env)

    def call(self, *words: str) -> runner.Finished:
        return self.erp.call(*words)

    def words(self) -> list[str]:
        """The arguments of a run as `Erp.run` gives them."""
        report = self.erp.repository.parent / "killed.json"
        return ["run", "--repo", str(self.erp.repository), "--report", str(report)]


@pytest.fixture(scope="module")
def made(demonstrated: Erp) -> Pair:
    """Both contents deployed once."""
    Faults().clear()
    demonstrated.git("reset", "--quiet", "--hard", demonstrated.commit)
    pair = Pair(demonstrated)
    for _ in range(2):
        pair.next()
        done = pair.run()
        assert done.code == 0, done.stderr
    return pair


@pytest.fixture
def pair(made: Pair) -> Iterator[Pair]:
    """Both contents in the registry, the last one deployed, nothing scripted."""
    Faults().clear()
    made.erp.git("reset", "--quiet", "--hard", made.erp.commit)
    yield made
    Faults().clear()


def updates() -> int:
    """How often Lambda was asked to change a function's code."""
    return sum(call["operation"] == "UpdateFunctionCode" for call in Faults().log())


def kill(pair: Pair, *how: str, env: dict[str, str] | None = None) -> None:
    """A run that is killed on its way."""
    module = ["tests.support.killed", *how] if how else ["erp_build"]
    words = [sys.executable, "-m", *module, *pair.words()]
    done = subprocess.run(words, cwd=ROOT, env=env or runner.environment(), capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()


def cut_off_in_helm(pair: Pair, folder: Path, helm: int) -> dict[str, str]:
    """An environment whose helm is killed, with its run, while the release is pending."""
    real = binaries.helm4() if helm == 4 else binaries.helm3()
    tenant = pair.erp.tenant
    names = {"helm": real, "release": tenant.release, "namespace": tenant.namespace, "kubeconfig": ADMIN_KUBECONFIG}
    program = folder / "helm"
    program.write_text(PENDING.format(**names), encoding="utf-8")
    program.chmod(0o755)
    env = runner.environment(helm)
    return {**env, "PATH": f"{folder}:{env['PATH']}"}


MATRIX = [
    pytest.param(("update_function", "1"), 1, 1, id="after the call of Lambda"),
    pytest.param(("upgrade_release", "0"), 1, 1, id="between the two halves"),
    pytest.param((), 1, 3, id="in the middle of Helm"),
    pytest.param(("upgrade_release", "1"), 1, 1, id="after Helm, before the proof"),
    pytest.param(("tag", "3"), 1, 1, id="after the first latest"),
]
"""How a run is killed, and how many updates of Lambda and revisions of Helm there are after the second one."""


@pytest.mark.parametrize(("how", "lambdas", "revisions"), MATRIX)
def test_a_second_run_repairs_what_a_killed_one_left(
    pair: Pair, tmp_path: Path, how: tuple[str, ...], lambdas: int, revisions: int
) -> None:
    before = pair.erp.look()
    head = pair.next()
    Faults().clear()
    kill(pair, *how, env=None if how else cut_off_in_helm(pair, tmp_path, 3))
    done = pair.run()
    assert done.code == 0, done.stderr
    after = pair.erp.look()
    pair.erp.commit = head
    assert updates() == lambdas
    assert after.revision == before.revision + revisions
    assert after.function != before.function
    (digest,) = set(after.deployments[SERVICE].digests)
    assert digest != before.deployments[SERVICE].digests[0]
    repository = f"{pair.erp.tenant.name}/{SERVICE}"
    assert after.latest[repository] == digest
    assert after.latest[f"{pair.erp.tenant.name}/employee-service-lambda"] == after.function
    assert list((pair.erp.repository / "helm-chart").glob(".values-dev.yaml.*")) == []
    again = pair.run()
    assert again.report["outcome"] == "nothing"
    assert {target["running"] for target in again.report["targets"] if target["name"] == SERVICE} == {digest}


def test_helm_4_recovers_a_release_that_was_cut_off_as_well(pair: Pair, tmp_path: Path) -> None:
    before = pair.erp.look()
    pair.next()
    kill(pair, env=cut_off_in_helm(pair, tmp_path, 4))
    done = pair.run(env=runner.environment(4))
    assert done.code == 0, done.stderr
    assert f"back to revision {before.revision}" in done.stderr, done.stderr


def test_an_image_that_cannot_be_pulled_fails_within_a_minute_and_both_halves_go_back(pair: Pair) -> None:
    before = pair.erp.look()
    sample.init_container(pair.erp.repository, "nowhere.invalid/erp/migrate:1")
    sample.toggle(pair.erp.repository, SERVICE, EMPLOYEE)
    start = time.monotonic()
    done = pair.run()
    seconds = time.monotonic() - start
    assert done.code == 9, done.stderr
    assert seconds < 60
    assert "a rollout cannot succeed" in done.stderr
    assert "init container migrate: " in done.stderr
    evidence = [one for one in done.report["evidence"] if one["target"] == SERVICE]
    assert any("nowhere.invalid" in event for event in evidence[0]["events"])
    after = pair.erp.look()
    assert after.function == before.function
    assert after.deployments == before.deployments
    assert len(done.report["taken_back"]) == 2


def test_a_rollback_is_proven_a_second_one_undoes_it_and_one_to_a_lost_image_touches_nothing(pair: Pair) -> None:
    old = pair.erp.look()
    head = pair.next()
    assert pair.run().code == 0
    pair.erp.commit = head
    new = pair.erp.look()
    done = pair.call("rollback", "--json")
    assert done.code == 0, done.stderr
    back = pair.erp.look()
    assert (back.function, back.deployments, back.latest) == (old.function, old.deployments, old.latest)
    done = pair.call("rollback", "--to", head[:7])
    assert done.code == 0, done.stderr
    assert pair.erp.look().deployments == new.deployments
    assert pair.erp.look().function == new.function
    with image_gone(pair, old.deployments[SERVICE].digests[0]):
        before = pair.erp.look()
        done = pair.call("rollback")
        assert done.code == 9, done.stderr
        assert "nothing was touched" in done.stderr
        assert SERVICE in done.stderr
        assert pair.erp.look() == before


@contextmanager
def image_gone(pair: Pair, digest: str) -> Iterator[None]:
    """Let the registry have lost an image for the block."""
    ecr, repository = client("ecr"), f"{pair.erp.tenant.name}/{SERVICE}"
    image = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])["images"][0]
    found = ecr.list_images(repositoryName=repository)["imageIds"]
    tags = [one["imageTag"] for one in found if one["imageDigest"] == digest and "imageTag" in one]
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    try:
        yield
    finally:
        for tag in tags:
            ecr.put_image(repositoryName=repository, imageManifest=image["imageManifest"], imageTag=tag)


def test_of_two_runs_at_once_one_leaves_with_11_and_one_that_may_wait_finds_nothing_left(pair: Pair) -> None:
    head = pair.next()
    words = [sys.executable, "-m", "erp_build", *pair.words()]
    with subprocess.Popen(words, env=runner.environment(), stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        lines = iter(first.stderr.readline, "")
        assert any("take lock" in line for line in lines)
        assert any("check plan" in line for line in lines)
        refused = pair.run()
        waited = pair.run("--wait-for-lock", "2m")
        first.communicate(timeout=60)
    assert first.returncode == 0
    pair.erp.commit = head
    assert refused.code == 11, refused.stderr
    assert "another run deploys" in refused.stderr
    assert waited.code == 0, waited.stderr
    assert waited.report["outcome"] == "nothing"


def test_every_edit_by_hand_is_seen_as_drift_and_a_plain_run_repairs_it(pair: Pair) -> None:
    tenant, apps = pair.erp.tenant, kubernetes.AppsV1Api(kube.admin())
    assert drift(pair) == {}
    assert pair.call("verify").code == 0
    before = pair.erp.look()
    image = before.deployments[SERVICE].image.rpartition(":")[0] + ":latest"
    container: dict[str, Any] = {"name": SERVICE, "image": image, "resources": {"limits": {"memory": "500Mi"}}}
    patch: Any = {"spec": {"replicas": 0, "template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_deployment(SERVICE, tenant.namespace, patch)
    state = client("lambda").get_function(FunctionName=tenant.function)
    repository = state["Code"]["ImageUri"].partition("@")[0]
    other = client("ecr").batch_get_image(
        repositoryName=f"{tenant.name}/employee-service-lambda", imageIds=[{"imageTag": "bootstrap"}]
    )["images"][0]["imageId"]["imageDigest"]
    client("lambda").update_function_code(FunctionName=tenant.function, ImageUri=f"{repository}@{other}")
    found = drift(pair)
    pods = len(before.deployments[SERVICE].digests)
    assert any(f"replicas: 0 instead of {pods}" in text for text in found[SERVICE])
    assert any(".image: " in text for text in found[SERVICE])
    assert any("memory: 500Mi instead of 400Mi" in text for text in found[SERVICE])
    assert found[EMPLOYEE] == [f"image: {other[:19]} instead of {before.function[:19]}"]
    done = pair.run()
    assert done.code == 0, done.stderr
    after = pair.erp.look()
    assert after.function == before.function
    assert after.deployments[SERVICE].digests == before.deployments[SERVICE].digests
    assert drift(pair) == {}


def test_history_agrees_with_helms_own_and_names_commit_and_build(pair: Pair) -> None:
    done = pair.call("history")
    assert done.code == 0, done.stderr
    helm = subprocess.run(
        [str(binaries.helm3()), "history", pair.erp.tenant.release, "--namespace", pair.erp.tenant.namespace,
         "--kubeconfig", str(ADMIN_KUBECONFIG), "--max", "10"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs = [line.split()[0] for line in helm.stdout.splitlines()[1:]]
    ours = done.stdout.partition("Deployments")[0]
    assert re.findall(r"(?m)^(\d+) ", ours) == theirs
    assert pair.erp.commit[:12] in done.stdout


def test_no_secret_is_in_any_output_of_these_tests(pair: Pair) -> None:
    values = (pair.erp.repository / "helm-chart/values-dev.yaml").read_text(encoding="utf-8")
    password = values.partition("://")[2].partition(":")[2].partition("@")[0]
    said = [
        (done.stdout + done.stderr)
        for done in (pair.call("status"), pair.call("history", "--json"), pair.call("verify"), pair.run("-v"))
    ]
    reports = [path.read_text(encoding="utf-8") for path in pair.erp.repository.parent.glob("*.json")]
    for secret in (FUNCTION_PASSWORD, password, "k8s-aws-v1"):
        assert secret
        assert not any(secret in text for text in (*said, *reports))


def drift(pair: Pair) -> dict[str, list[str]]:
    """Target -> its drift, of those that have some."""
    done = pair.call("status", "--json")
    assert done.code == 0, done.stderr
    return {one["name"]: one["drift"] for one in json.loads(done.stdout)["targets"] if one["drift"]}
