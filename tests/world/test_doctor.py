"""`doctor` on a healthy ERP, and on one with sixteen planted troubles: all of them are found, and none is invented.

The stand-in has no CodePipeline and no connections, so the proxy answers for them; everything else is really so.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from erp_build.model.permission import RUN
from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.aws.fault_proxy.client import Faults
from sandbox.endpoints import ACCOUNT, REGION
from sandbox.lanes import in_lane
from sandbox.sample import erp_commits, erp_repository
from sandbox.tenants.provisioning import create, remove
from sandbox.tenants.roles import POLICY as SHIPPED
from sandbox.tenants.tenant import Tenant
from tests.world.conftest import Erp
from tests.world.pairs import administrators_helm

pytestmark = pytest.mark.world

LOOKED = ("repository", "account", "cluster", "python", "git", "jdk", "maven", "engine", "engine-needs", "helm")
"""All but disk and memory, of which other tests may leave little."""

POLICY = "doctor"
"""Beside the policy that every tenant has, which other tests need."""

SECRET = "planted-password-9d41"
INDEX = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.index.v1+json",
    "manifests": [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "sha256:" + "3" * 64,
            "size": 500,
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
        }
    ],
}
IMAGE = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "digest": "sha256:" + "4" * 64,
        "size": 1,
    },
    "layers": [],
}
UNSUPPORTED = {"imageScanStatus": {"status": "UNSUPPORTED_IMAGE", "description": "no package manager"}}
MANUAL = {"scanningConfigurations": [{"scanOnPush": False, "scanFrequency": "MANUAL"}], "failures": []}


@dataclass(frozen=True)
class Delivery:
    """The pipeline around a tenant's runs: its project and role are the stand-in's, the rest is scripted."""

    tenant: Tenant

    @property
    def project(self) -> str:
        return f"{self.tenant.name}-unified-build"

    @property
    def role(self) -> str:
        return f"{self.tenant.name}-dev-codebuild-role"

    @property
    def connection(self) -> str:
        return f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/{self.tenant.name}"

    def make(self, *, privileged: bool, minutes: int, without: str = "") -> None:
        """The build project, and a role that may do everything that a run does but one action."""
        client("codebuild").create_project(
            name=self.project,
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
                "privilegedMode": privileged,
            },
            serviceRole=f"arn:aws:iam::{ACCOUNT}:role/{self.role}",
            timeoutInMinutes=minutes,
        )
        actions = sorted({one.action for one in RUN} - {without})
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        client("iam").put_role_policy(RoleName=self.role, PolicyName=POLICY, PolicyDocument=json.dumps(policy))

    def answers(self, *, status: str, source: Mapping[str, str]) -> None:
        """Script the pipeline and its connection."""
        configuration = {
            "ConnectionArn": self.connection,
            "FullRepositoryId": f"example/{self.tenant.name}",
            "BranchName": "main",
            **source,
        }
        stages = [
            _stage("Source", "CodeStarSourceConnection", configuration),
            _stage("Build", "CodeBuild", {"ProjectName": self.project}),
        ]
        store = {"type": "S3", "location": f"{self.tenant.name}-artifacts"}
        pipeline = {"name": f"{self.tenant.name}-unified-pipeline", "artifactStore": store, "stages": stages}
        name = str(pipeline["name"])
        Faults().script("^GetPipeline$", [{"json": {"pipeline": pipeline}}], then="sticky", target=name)
        names = {"pipelines": [{"name": name, "version": 1}]}
        Faults().script("^ListPipelines$", [{"json": names}], then="sticky")
        connection = {"Connection": {"ConnectionStatus": status}}
        Faults().script("^GetConnection$", [{"json": connection}], then="sticky", target=self.connection)

    def remove(self) -> None:
        """Take away what `make` made."""
        client("codebuild").delete_project(name=self.project)
        client("iam").delete_role_policy(RoleName=self.role, PolicyName=POLICY)


@pytest.fixture
def healthy(erp: Erp) -> Iterator[Erp]:
    """The deployed ERP with a pipeline that is as it should be."""
    delivery = Delivery(erp.tenant)
    delivery.make(privileged=True, minutes=300)
    delivery.answers(status="AVAILABLE", source={"OutputArtifactFormat": "CODEBUILD_CLONE_REF"})
    yield erp
    delivery.remove()


def test_a_healthy_deployed_erp_has_no_problem(healthy: Erp) -> None:
    code, checks = look(healthy.repository)
    states = {name: check["state"] for name, check in checks.items() if check["state"] != "ok"}
    # The sample has both on purpose: a password in its values file, and `replicas` beside its autoscalers.
    assert states == {"plain-secrets": "warning", "replicas": "warning"}, checks
    assert code == 0
    assert checks["plain-secrets"]["found"].splitlines()[1:] == ["values-dev.yaml: database.uri"]
    assert checks["project-timeout"]["found"].startswith("300 min; ")
    assert "SCAN_ON_PUSH" in checks["scan-mode"]["found"]


PLANTED = {
    "connection": "PENDING",
    "full-clone": "without .git",
    "privileged": "it is off",
    "project-timeout": "15 min",
    "permissions": "eks:DescribeCluster on arn:aws:eks:",
    "latest": "notification-service",
    "scan-mode": "approval-processing-service",
    "scan-time": "UNSUPPORTED_IMAGE",
    "provenance": "employee-service-lambda:latest",
    "lifecycle": "what employee-service runs",
    "function": "ResourceConflictException",
    "clone-depth": "shallow",
    "plain-secrets": "values-dev.yaml: cache.password",
    "chart": "nil pointer",
    "release-name": "the release erp-dev owns",
    "jdk": "wants 99",
}
"""Check -> what it must say."""


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Path]:
    """A repository, an account and a namespace in which everything of `PLANTED` is wrong."""
    tenant = create(in_lane("doctor"))
    erp_repository.make(tmp_path / "erp", tenant.name)
    Faults().clear()
    delivery = Delivery(tenant)
    # What the role of every tenant may do would hide what this one lacks.
    client("iam").delete_role_policy(RoleName=delivery.role, PolicyName=SHIPPED)
    delivery.make(privileged=False, minutes=15, without="eks:DescribeCluster")
    delivery.answers(status="PENDING", source={})
    plant_in_registry(tenant)
    plant_busy_function(tenant)
    install_as(tenant, tmp_path / "erp", "erp-dev")
    plant_in_repository(tmp_path / "erp")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{tmp_path / 'erp'}", str(clone)], check=True)
    yield clone
    Faults().clear()
    delivery.remove()
    remove(tenant)


def test_every_planted_trouble_is_found_and_none_is_invented(broken: Path) -> None:
    code, checks = look(broken)
    assert code == 2
    states = {name: check["state"] for name, check in checks.items()}
    assert {name for name, state in states.items() if state in ("warning", "problem")} == set(PLANTED), checks
    # What is in a chart that does not render, nobody knows.
    assert {name for name, state in states.items() if state == "unknown"} == {"replicas", "probes", "rights", "dry-run"}
    silent = {name: checks[name]["found"] for name, words in PLANTED.items() if words not in checks[name]["found"]}
    assert silent == {}
    assert all(checks[name]["next"] and checks[name]["looked_at"] for name in PLANTED)
    assert SECRET not in json.dumps(checks)


def look(repository: Path) -> tuple[int, dict[str, Any]]:
    """`doctor --json` in a repository: the exit code, and the checks by their names."""
    words = [word for area in LOOKED for word in ("--only", area)]
    tools = repository.parent / "tools"
    tools.mkdir()
    # The kubectl of the machine plays no part: it is as new as the cluster.
    (tools / "kubectl").write_text("#!/bin/sh\necho Client Version: v1.34.0\n", encoding="utf-8")
    (tools / "kubectl").chmod(0o755)
    env = erp_build_process.environment()
    env["PATH"] = f"{tools}:{env['PATH']}"
    done = erp_build_process.run("doctor", "--repo", str(repository), "--json", *words, env=env)
    assert done.stdout, done.stderr
    assert SECRET not in done.stderr
    return done.code, {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def plant_in_registry(tenant: Tenant) -> None:
    """Fixed tags, scans on demand, an image that no scanner knows, an index for a function, one image that is kept."""
    ecr = client("ecr")
    request, processing, notification, employee = tenant.repositories
    ecr.put_image(repositoryName=request, imageManifest=json.dumps(IMAGE), imageTag="latest")
    Faults().scans(request, [UNSUPPORTED])
    match = "^BatchGetRepositoryScanningConfiguration$"
    Faults().script(match, [{"json": MANUAL}], then="sticky", target=processing)
    ecr.put_image_tag_mutability(repositoryName=notification, imageTagMutability="IMMUTABLE")
    ecr.put_image(
        repositoryName=employee,
        imageManifest=json.dumps(INDEX),
        imageManifestMediaType=INDEX["mediaType"],
        imageTag="latest",
    )
    rule = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    rules = [{"rulePriority": 1, "selection": rule, "action": {"type": "expire"}}]
    ecr.put_lifecycle_policy(repositoryName=employee, lifecyclePolicyText=json.dumps({"rules": rules}))


def plant_busy_function(tenant: Tenant) -> None:
    """Somebody updates the function, for longer than any test takes."""
    answer = client("lambda").get_function(FunctionName=tenant.function)
    configuration = {**answer["Configuration"], "LastUpdateStatus": "InProgress"}
    busy = {"Configuration": configuration, "Code": answer["Code"]}
    step = {"json": json.loads(json.dumps(busy, default=str))}
    Faults().script("^GetFunction$", [step], then="sticky", target=tenant.function)


def install_as(tenant: Tenant, repository: Path, release: str) -> None:
    """The chart as it was installed by an older pipeline, under another name; without pods."""
    words = ["install", release, str(repository / "helm-chart"), "--values", str(repository / erp_repository.VALUES)]
    switched_off = ["autoscaling.enabled=false", "replicaCount=0"]
    sets = [word for value in switched_off for word in ("--set", value)]
    administrators_helm(*words, *sets, "--namespace", tenant.namespace)


def plant_in_repository(repository: Path) -> None:
    """A chart that does not render, a password in plain text, a pom that wants a Java which nobody has, and a RUN."""
    values = repository / erp_repository.VALUES
    values.write_text(f"{values.read_text(encoding='utf-8')}cache:\n  password: {SECRET}\n", encoding="utf-8")
    pom = repository / "backend" / "notification-service" / "pom.xml"
    text = pom.read_text(encoding="utf-8")
    changed = re.sub(r"(?<=<java.version>)\d+", "99", text)
    assert changed != text
    pom.write_text(changed, encoding="utf-8")
    # Without it no image needs an engine, and privileged mode may be off.
    with (pom.parent / "Dockerfile").open("a", encoding="utf-8") as dockerfile:
        dockerfile.write("RUN true\n")
    erp_repository.commit(repository, "설정 변경")
    erp_commits.break_chart(repository)


def _stage(name: str, provider: str, configuration: Mapping[str, str]) -> dict[str, Any]:
    kind = {"category": name, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actions": [{"name": name, "actionTypeId": kind, "configuration": dict(configuration)}]}
