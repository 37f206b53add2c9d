"""Whatever is wrong before or during a run: one clear error, its exit code, a report, and nothing deployed."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.aws.fault_proxy.client import Faults
from sandbox.demo.acts import CRITICAL
from sandbox.endpoints import ACCOUNT, CLUSTER, REGION
from sandbox.paths import STATE
from sandbox.sample import erp_commits, erp_repository
from sandbox.tenants.tenant import parameter_values
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

IN_PROGRESS = {"imageScanStatus": {"status": "IN_PROGRESS", "description": "The scan is in progress."}}


@dataclass(frozen=True)
class Given:
    """What a run is given: its environment and its configuration, where they are not the usual ones."""

    env: dict[str, str] = field(default_factory=erp_build_process.environment)
    config: str = ""


def no_credentials(_: Erp) -> Given:
    hidden = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    return Given(env={name: value for name, value in erp_build_process.environment().items() if name not in hidden})


def two_parameters_missing(erp: Erp) -> Given:
    return _other_parameters(erp, "/partial/dev", lambda name: name not in ("account-id", "eks/cluster-name"))


def another_account(erp: Erp) -> Given:
    given = _other_parameters(erp, "/other/dev", lambda _: True)
    client("ssm").put_parameter(Name="/other/dev/account-id", Value="999999999999", Type="String", Overwrite=True)
    return given


def _other_parameters(erp: Erp, prefix: str, wanted: Callable[[str], bool]) -> Given:
    for parameter, value in parameter_values(erp.tenant).items():
        name = parameter.removeprefix(f"{erp.tenant.parameters}/")
        if wanted(name):
            client("ssm").put_parameter(Name=f"{prefix}/{name}", Value=value, Type="String", Overwrite=True)
    return Given(config=erp.config.replace(erp.tenant.parameters, prefix))


def no_engine(erp: Erp) -> Given:
    erp.new_content("notification-service")
    dockerfile = erp.repository / "backend/notification-service/Dockerfile"
    dockerfile.write_text(f"{dockerfile.read_text(encoding='utf-8')}RUN true\n", encoding="utf-8")
    erp_repository.commit(erp.repository, "notification-service: RUN 추가")
    return Given(env={**erp_build_process.environment(), "DOCKER_HOST": "unix:///nowhere/docker.sock"})


def no_pom(erp: Erp) -> Given:
    (erp.repository / "backend/notification-service/pom.xml").unlink()
    erp_repository.commit(erp.repository, "notification-service: pom.xml 삭제")
    return Given()


def a_compile_error(erp: Erp) -> Given:
    erp_commits.break_compile(erp.repository, "notification-service")
    return Given()


def a_repository_that_is_not_there(erp: Erp) -> Given:
    erp_commits.change_employee(erp.repository)
    return Given(config=erp.config.replace('"employee-service-lambda"', '"employee-service-gone"'))


def a_critical_finding(erp: Erp) -> Given:
    erp.new_content("notification-service")
    Faults().scans(f"{erp.tenant.name}/notification-service", [CRITICAL])
    return Given()


def a_scan_without_end(erp: Erp) -> Given:
    erp.new_content("notification-service")
    Faults().scans(f"{erp.tenant.name}/notification-service", [IN_PROGRESS])
    return Given(config=erp.config.replace('timeout = "10m"', 'timeout = "3s"'))


def no_function(erp: Erp) -> Given:
    return Given(config=erp.config.replace(f'"{erp.tenant.function}"', '"no-such-function"'))


def a_chart_that_does_not_render(erp: Erp) -> Given:
    erp_commits.break_chart(erp.repository)
    return Given()


def a_cluster_out_of_reach(_: Erp) -> Given:
    description = json.loads((STATE / "eks" / f"{CLUSTER}.json").read_text(encoding="utf-8"))
    description["cluster"]["endpoint"] = "https://127.0.0.1:1"
    Faults().script("DescribeCluster", [{"json": description}], then="sticky")
    return Given()


def a_release_that_another_one_made(erp: Erp) -> Given:
    return Given(config=erp.config.replace('release = "erp-microservices"', 'release = "erp-dev"'))


def a_repository_that_is_not_pushed_to(erp: Erp) -> Given:
    return _edited(erp, f"amazonaws.com/{erp.tenant.name}/notification", "amazonaws.com/elsewhere/notification")


def a_service_that_is_switched_off(erp: Erp) -> Given:
    return _edited(erp, "notification:\n    enabled: true", "notification:\n    enabled: off")


def a_tag_that_is_an_alias(erp: Erp) -> Given:
    values = erp.repository / erp_repository.VALUES
    # Whoever takes the copy would get the new tag as well.
    values.write_text(values.read_text(encoding="utf-8") + "copy: *n\n", encoding="utf-8")
    return _edited(erp, "notification:\n    enabled: true\n", "notification: &n\n    enabled: true\n")


def _edited(erp: Erp, old: str, new: str) -> Given:
    """A values file with something else in it, committed."""
    values = erp.repository / erp_repository.VALUES
    text = values.read_text(encoding="utf-8")
    assert old in text
    values.write_text(text.replace(old, new), encoding="utf-8")
    erp_repository.commit(erp.repository, "chart: 값 변경")
    return Given()


ROWS = [
    (no_credentials, 2, ["there are no AWS credentials"]),
    (two_parameters_missing, 2, ["2 of 6 parameters", "/partial/dev/account-id", "/partial/dev/eks/cluster-name"]),
    (another_account, 2, ["/other/dev/account-id", "999999999999", ACCOUNT]),
    (no_engine, 4, ["no Docker engine answers", "/nowhere/docker.sock", "privileged"]),
    (no_pom, 4, ["no pom.xml", "notification-service"]),
    (a_compile_error, 4, ["the sources do not compile", "Message.java"]),
    (a_repository_that_is_not_there, 5, ["1 repositories do not exist", "employee-service-gone", REGION]),
    (a_critical_finding, 6, ["1 CRITICAL", "CVE-2021-44228", "log4j-core"]),
    (a_scan_without_end, 7, ["without a verdict", "not finished in time: IN_PROGRESS"]),
    (no_function, 8, ["there is no function no-such-function", "erp-build.toml"]),
    (a_chart_that_does_not_render, 9, ["the chart does not render", "service.yaml"]),
    (a_release_that_another_one_made, 9, ["another release owns these objects", 'release = "erp-microservices"']),
    (a_repository_that_is_not_pushed_to, 2, ["would run an image that is not pushed", "elsewhere/notification"]),
    (a_service_that_is_switched_off, 2, ["notification-service is switched off", "services.notification.enabled"]),
    (a_tag_that_is_an_alias, 2, ["cannot set services.notification", "an anchor or an alias"]),
    (a_cluster_out_of_reach, 9, ["the cluster cannot be reached", "https://127.0.0.1:1"]),
]


@pytest.fixture(autouse=True)
def _mutable_repositories(erp: Erp) -> None:
    for repository in erp.tenant.repositories:
        client("ecr").put_image_tag_mutability(repositoryName=repository, imageTagMutability="MUTABLE")


@pytest.mark.parametrize(("arrange", "code", "said"), ROWS, ids=[row[0].__name__ for row in ROWS])
def test_the_run_ends_with_one_clear_error_and_moves_nothing(
    erp: Erp, arrange: Callable[[Erp], Given], code: int, said: list[str]
) -> None:
    given = arrange(erp)
    before = erp.look()
    done = erp.run(env=given.env, config=given.config)
    assert done.code == code, done.stderr
    assert [word for word in said if word not in done.stderr] == []
    assert done.stderr.count("erp_build:") == 1
    assert all(f"\n  {part}:" in done.stderr for part in ("where", "next"))
    assert done.report["outcome"] == "failed"
    assert done.report["exit_code"] == code
    assert done.report["error"]["what"] in done.stderr
    assert erp.look() == before


def test_a_values_file_that_cannot_be_written_is_found_before_anything_is_built(erp: Erp) -> None:
    """The checkout's chart is mounted read-only, which binds root too."""
    erp.new_content("notification-service")
    before, chart = erp.look(), str(erp.repository / erp_repository.CHART)
    subprocess.run(["mount", "--bind", chart, chart], check=True)
    try:
        subprocess.run(["mount", "--options", "remount,bind,ro", chart], check=True)
        done = erp.run()
    finally:
        subprocess.run(["umount", chart], check=True)
    assert done.code == 2, done.stderr
    assert "the values file cannot be written" in done.stderr
    assert {effect["name"] for effect in done.report["effects"]} == {"notify"}
    assert erp.look() == before
