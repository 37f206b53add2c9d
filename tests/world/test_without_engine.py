"""The sample is built, judged and deployed while its engine counts who asks it: nobody does."""

import pytest

from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.sample import erp_repository
from tests.support.counted_engine import counted_engine
from tests.world.conftest import Erp
from tests.world.pairs import EMPLOYEE, SERVICE

pytestmark = pytest.mark.world


def test_pods_and_function_run_what_no_engine_has_made(erp: Erp) -> None:
    erp.new_content(EMPLOYEE)
    commit = erp.new_content(SERVICE)
    with counted_engine() as engine:
        done = erp.run(env=engine.variables(erp_build_process.environment(role_of=erp.tenant)))
        assert done.code == 0, done.stderr
        assert engine.tried == []
    assert done.report["outcome"] == "deployed"
    built = {target["name"]: target for target in done.report["targets"] if target["action"] == "build"}
    assert set(built) == {SERVICE, EMPLOYEE}
    assert {(one["making"]["builder"], one["making"]["because"]) for one in built.values()} == {("direct", "")}
    assert "By an engine" not in done.stdout
    really = erp.look()
    assert {built[EMPLOYEE]["built"]} == {really.function}
    assert {built[SERVICE]["built"]} == set(really.deployments[SERVICE].digests)
    for name, image in ((SERVICE, SERVICE), (EMPLOYEE, "employee-service-lambda")):
        repository = f"{erp.tenant.name}/{image}"
        (found,) = client("ecr").describe_images(
            repositoryName=repository, imageIds=[{"imageDigest": built[name]["built"]}]
        )["imageDetails"]
        assert commit[:7] in found["imageTags"]


def test_a_dockerfile_that_needs_an_engine_is_refused_by_direct_before_anything_is_built(erp: Erp) -> None:
    erp.new_content(SERVICE)
    dockerfile = erp.repository / "backend" / SERVICE / "Dockerfile"
    dockerfile.write_text(f"{dockerfile.read_text(encoding='utf-8')}RUN true\n", encoding="utf-8")
    erp_repository.commit(erp.repository, f"{SERVICE}: RUN 추가")
    before = erp.look()
    with counted_engine() as engine:
        done = erp.run(
            env=engine.variables(erp_build_process.environment(role_of=erp.tenant)),
            config=erp.config.replace('builder = "auto"', 'builder = "direct"'),
        )
        assert engine.tried == []
    assert done.code == 4, done.stderr
    assert "cannot be made without an engine" in done.stderr
    assert "RUN: it needs a container to run in" in done.stderr
    assert {effect["name"] for effect in done.report["effects"]} <= {"notify"}
    assert erp.look() == before
