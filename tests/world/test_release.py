"""Lambda and Helm as one release: taken back on demand, locked, edited by hand, written back, remembered.

Every deployment here has its images in the registry already, so that no Maven is waited for.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes

from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.cluster import admin_client
from sandbox.sample import erp_commits
from tests.world.conftest import secrets_said
from tests.world.pairs import (
    EMPLOYEE,
    PROCESSING,
    REQUEST,
    SERVICE,
    Pair,
    administrators_helm,
    drift,
    updates,
    wait_for,
)

pytestmark = pytest.mark.world

SAYS = (("status",), ("history", "--json"), ("verify", "--json"), ("plan", "--live"))


def test_a_rollback_is_proven_one_to_a_commit_too_and_one_to_a_lost_image_touches_nothing(pair: Pair) -> None:
    old = pair.erp.look()
    head, env = pair.next(), erp_build_process.environment(4)
    assert pair.run(env=env).code == 0
    new = pair.erp.look()
    done = pair.call("rollback", "--json", helm=4)
    assert done.code == 0, done.stderr
    wait_for(old.deployments, lambda: pair.erp.look().deployments)
    back = pair.erp.look()
    assert (back.function, back.deployments, back.latest) == (old.function, old.deployments, old.latest)
    done = pair.call("rollback", "--to", head[:9])
    assert done.code == 0, done.stderr
    wait_for(new.deployments, lambda: pair.erp.look().deployments)
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


@pytest.mark.parametrize("newer_first", [True, False], ids=["the newer begins", "the older begins"])
def test_of_two_runs_at_once_one_waits_or_leaves_and_the_older_one_never_wins(
    pair: Pair, tmp_path: Path, *, newer_first: bool
) -> None:
    before = pair.erp.look()
    older, newer = pair.next(SERVICE), pair.next(EMPLOYEE)
    commits = (newer, older) if newer_first else (older, newer)
    first, second = (clone(pair, tmp_path / name, commit) for name, commit in zip("ab", commits, strict=True))
    started = pair.erp.start(repository=first)
    started.until("check plan")
    waiting = pair.erp.start("--wait-for-lock", "2m", repository=second)
    refused = pair.erp.start(repository=second).finish()
    done, waited = started.finish(), waiting.finish()
    pair.erp.commit = newer
    assert (refused.code, done.code) == (11, 0), refused.stderr + done.stderr
    assert "another run deploys" in refused.stderr
    assert waited.code == (11 if newer_first else 0), waited.stderr
    assert ("a newer commit is already deployed" in waited.stderr) is newer_first
    after = pair.erp.look()
    assert after.function != before.function
    assert after.deployments[SERVICE].digests != before.deployments[SERVICE].digests
    assert after.revision == before.revision + 1
    assert updates() == 1


def clone(pair: Pair, folder: Path, commit: str) -> Path:
    """Another checkout of the repository, at a commit."""
    pair.erp.git("clone", "--quiet", str(pair.erp.repository), str(folder / "erp"))
    pair.erp.git("-C", str(folder / "erp"), "checkout", "--quiet", commit)
    return folder / "erp"


def test_every_edit_by_hand_is_seen_as_drift_and_a_plain_run_repairs_it(pair: Pair) -> None:
    tenant, apps = pair.erp.tenant, kubernetes.AppsV1Api(admin_client.connect())
    assert drift(pair) == {}
    assert [pair.call(*words).code for words in (["verify"], ["status", "--exit-code"])] == [0, 0]
    before = pair.erp.look()
    image = f"{before.deployments[SERVICE].repository}:latest"
    container: dict[str, Any] = {"name": SERVICE, "image": image, "resources": {"limits": {"memory": "500Mi"}},
                                 "env": [{"name": "KAFKA_ENABLED", "value": "by-hand"}]}  # fmt: skip
    patch: Any = {"spec": {"replicas": 0, "template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_deployment(SERVICE, tenant.namespace, patch)
    apps.delete_namespaced_deployment(REQUEST, tenant.namespace)
    state = client("lambda").get_function(FunctionName=tenant.function)
    repository = state["Code"]["ImageUri"].partition("@")[0]
    other = client("ecr").batch_get_image(
        repositoryName=f"{tenant.name}/employee-service-lambda", imageIds=[{"imageTag": "bootstrap"}]
    )["images"][0]["imageId"]["imageDigest"]
    client("lambda").update_function_code(FunctionName=tenant.function, ImageUri=f"{repository}@{other}")
    found = drift(pair)
    pods = len(before.deployments[SERVICE].digests)
    wanted = (
        f"replicas: 0 instead of {pods}",
        ".image: ",
        "memory: 500Mi instead of 400Mi",
        ".env[KAFKA_ENABLED].value: changed",
    )
    assert [text for text in wanted if not any(text in line for line in found[SERVICE])] == []
    assert "by-hand" not in str(found)
    assert found[REQUEST] == [f"the Deployment {REQUEST} is gone"]
    assert found[EMPLOYEE] == [f"image: {other[:19]} instead of {before.function[:19]}"]
    judged = pair.call("status", "--exit-code")
    assert judged.code == 14, judged.stderr
    assert f"{REQUEST}: the Deployment {REQUEST} is gone" in judged.stderr
    done = pair.run()
    assert done.code == 0, done.stderr
    after = pair.erp.look()
    assert after.function == before.function
    assert {name: one.digests for name, one in after.deployments.items()} == {
        name: one.digests for name, one in before.deployments.items()
    }
    assert drift(pair) == {}


def test_a_tag_that_is_moved_after_the_proof_reaches_no_pod(pair: Pair) -> None:
    pair.next(SERVICE)
    assert pair.run().code == 0
    before = pair.erp.look()
    running = before.deployments[SERVICE]
    ecr, repository = client("ecr"), f"{pair.erp.tenant.name}/{SERVICE}"
    found = ecr.describe_images(repositoryName=repository)["imageDetails"]
    other = next(one["imageDigest"] for one in found if one["imageDigest"] != running.pinned)
    answer = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": other}])["images"][0]
    try:
        ecr.put_image(repositoryName=repository, imageManifest=answer["imageManifest"], imageTag=running.tag)
        scale(pair, len(running.digests) + 1)
        assert set(pair.erp.look().deployments[SERVICE].digests) == {running.pinned}
        assert pair.call("verify").code == 0
    finally:
        scale(pair, len(running.digests))
        right = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": running.pinned}])["images"][0]
        ecr.put_image(repositoryName=repository, imageManifest=right["imageManifest"], imageTag=running.tag)


def test_a_chart_that_writes_the_tag_into_a_label_would_be_deployed_by_tag_with_a_warning(pair: Pair) -> None:
    before, template = pair.erp.look(), pair.erp.repository / erp_commits.DEPLOYMENT
    pods = "  template:\n    metadata:\n      labels:\n"
    text = template.read_text(encoding="utf-8")
    assert text.count(pods) == 1
    label = '        app.kubernetes.io/version: "{{ $service.image.tag }}"\n'
    template.write_text(text.replace(pods, pods + label), encoding="utf-8")
    pair.erp.git("commit", "--quiet", "--all", "--message", "chart: 버전 라벨 추가")
    planned = pair.call("plan", "--live")
    assert "deployment.yaml:26 writes the tag of an image into `app.kubernetes.io/version`" in planned.stdout
    refused = pair.run(config=pair.config('# pin = "auto"', 'pin = "always"'))
    assert (refused.code, pair.erp.look()) == (9, before)
    assert "the chart does not let its images be named by digest" in refused.stderr
    done = pair.run("--rehearse")
    assert done.code == 0, done.stderr
    assert "by tag, which a push can change: Deployment" in done.stderr + done.stdout
    assert "labels.app.kubernetes.io/version holds the tag" in done.report["changes"]["by_tag"]
    assert all(one.pinned for name, one in before.deployments.items() if name in (SERVICE, REQUEST, PROCESSING))


def test_pods_that_the_autoscaler_moved_are_nobodys_edit(pair: Pair) -> None:
    before = pair.erp.look()
    scale(pair, 3)
    try:
        assert drift(pair) == {}
        assert pair.run().report["outcome"] == "nothing"
        assert pair.erp.look().revision == before.revision
    finally:
        scale(pair, len(before.deployments[SERVICE].digests))


def scale(pair: Pair, pods: int) -> None:
    """Do what an autoscaler does, and wait until it is done."""
    apps: Any = kubernetes.AppsV1Api(admin_client.connect())
    place = (SERVICE, pair.erp.tenant.namespace)
    apps.patch_namespaced_deployment_scale(*place, {"spec": {"replicas": pods}})
    wait_for(pods, lambda: apps.read_namespaced_deployment(*place).status.available_replicas)
    wait_for(pods, lambda: len(pair.erp.look().deployments[SERVICE].digests))


def test_the_tags_are_written_back_to_the_branch_and_that_commit_starts_nothing(pair: Pair, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    pair.erp.git("clone", "--quiet", "--bare", str(pair.erp.repository), str(origin))
    pair.erp.git("remote", "add", "origin", str(origin))
    try:
        head = pair.next(SERVICE)
        pair.erp.git("push", "--quiet", "origin", "HEAD:main")
        done = pair.run(config=pair.config('write_back = "none"', 'write_back = "branch"'))
        assert done.code == 0, done.stderr
        pair.erp.git("fetch", "--quiet", "origin", "main")
        assert pair.erp.git("rev-parse", "FETCH_HEAD~1") == head
        assert "[skip ci]" in pair.erp.git("log", "-1", "--format=%B", "FETCH_HEAD")
        changed = pair.erp.git("diff", "--unified=0", head, "FETCH_HEAD").splitlines()
        added = [line for line in changed if line.startswith("+ ")]
        assert f'+      tag: "{head[:7]}@{pair.erp.look().deployments[SERVICE].pinned}"' in added
        assert all(line.lstrip("+ ").startswith("tag: ") for line in added)
        pair.erp.git("reset", "--quiet", "--hard", "FETCH_HEAD")
        again = pair.run()
        assert (again.code, again.report["outcome"]) == (0, "nothing"), again.stderr
        pair.erp.commit = pair.erp.git("rev-parse", "HEAD")
    finally:
        pair.erp.git("remote", "remove", "origin")


def test_history_agrees_with_helms_own_and_names_commit_and_build(pair: Pair) -> None:
    done = pair.call("history")
    assert done.code == 0, done.stderr
    tenant = pair.erp.tenant
    table = administrators_helm("history", tenant.release, "--namespace", tenant.namespace, "--max", "10")
    theirs = [line.split()[0] for line in table.splitlines()[1:]]
    ours = done.stdout.partition("Deployments")[0]
    assert re.findall(r"(?m)^(\d+) ", ours) == theirs
    running = pair.erp.look().deployments[SERVICE].tag
    assert f"erp_build {running}" in ours


def test_no_secret_is_in_any_output_of_these_tests(pair: Pair) -> None:
    for words in SAYS:
        assert pair.call(*words).code == 0
    pair.next()
    assert pair.run("--rehearse", "-v").code == 0
    assert len(erp_build_process.SAID) > len(SAYS)
    assert secrets_said() == []
