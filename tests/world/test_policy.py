"""The shipped policy is enforced, is enough, and holds nothing that is not needed.

The runs of the tests call with the role of their tenant, whose policy is that of `infra/pipeline.yaml`. Here each
action is taken out of it, and what needs the action is called: the error names it, and the statement that is missing.
"""

import io
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import pytest

from erp_build.clients.aws.approvals import PipelineApprovals
from erp_build.clients.aws.codeartifact import CodeArtifactTokens
from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.log_groups import LogGroups
from erp_build.clients.aws.monitoring import CloudWatchAlarms, LoadBalancers, SnsTopics
from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.session import translate_aws_errors
from erp_build.clients.aws.sign_in import PublicEcrSignIn
from erp_build.clients.clock import SystemClock
from erp_build.clients.docker.engine import Engine
from erp_build.clients.effects import NotifyRequest
from erp_build.clients.secrets import Secrets
from erp_build.deployment.logs.group_log import own_group
from erp_build.errors import ErpBuildError, NoLogGroup
from erp_build.gate.scan_watch import ScanClient, ScanWatch
from erp_build.model.build_options import CodeArtifact
from erp_build.model.images.image import StoredImage
from erp_build.model.images.verdict import Verdict
from erp_build.model.permission import DOCTOR, RUN
from erp_build.model.releases.lambda_function import FunctionState
from sandbox.aws import pipeline_template
from sandbox.aws.client import client
from sandbox.aws.fault_proxy.client import Faults
from sandbox.docker import engine
from sandbox.docker.push import build_image
from sandbox.endpoints import ACCOUNT, AWS_ENDPOINT, CLUSTER, REGION, REGISTRY_HOST
from sandbox.lanes import in_lane
from sandbox.tenants import provisioning, roles
from sandbox.tenants.tenant import Tenant
from tests.fakes.health import GROUP
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

ENHANCED = {"json": {"registryId": ACCOUNT, "scanningConfiguration": {"scanType": "ENHANCED"}}}
OF_CODEBUILD = {"codeconnections", "codestar-connections", "s3", "logs", "codebuild", "kms"}
"""Services that CodeBuild calls with the role before and after erp_build; nobody plays CodeBuild's part here."""

OF_LOGS = {"logs:FilterLogEvents"}
"""What erp_build itself asks of one of these services."""

NOT_ENFORCED = {
    "codeartifact:ReadFromRepository",
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
    "xray:GetTraceSummaries",
}
"""What the service itself does in the caller's name, which the sandbox does not ask for, and a service it has not."""

ENDS_NOTHING = {"ecr:DescribeRepositoryCreationTemplates"}
"""Without it no template is known, and a repository that is not there stops the run: no error names the right."""

DOMAIN = "erp"
OF_OPTIONS = {
    "CodeArtifactDomain": f"arn:aws:codeartifact:{REGION}:{ACCOUNT}:domain/{DOMAIN}",
    "PublicEcr": "true",
    "Approval": "true",
}
"""Parameters of the template that the runs of the tests do without."""


@dataclass(frozen=True)
class Desk:
    """The tools with the credentials of one role."""

    erp: Tenant
    role: str

    @cached_property
    def session(self) -> boto3.Session:
        key, secret, token = roles.role_credentials(self.erp, self.role).values()
        return boto3.Session(key, secret, token, region_name=REGION)

    def client(self, name: Any) -> Any:
        return self.session.client(name, endpoint_url=AWS_ENDPOINT)

    @cached_property
    def registry(self) -> EcrRegistry:
        return EcrRegistry(self.client("ecr"), Secrets())

    @cached_property
    def functions(self) -> LambdaFunctions:
        return LambdaFunctions(self.client("lambda"))

    @property
    def repository(self) -> str:
        return f"{self.erp.name}/employee-service-lambda"

    @cached_property
    def image(self) -> StoredImage:
        """The function's first image, found with all rights."""
        found = EcrRegistry(client("ecr"), Secrets()).stored(self.repository, "bootstrap")
        assert found
        return found

    @cached_property
    def state(self) -> FunctionState:
        """The function, read with all rights."""
        found = LambdaFunctions(client("lambda")).state(self.erp.function)
        assert found
        return found

    def push(self) -> None:
        """Push an image with a layer that the registry does not have."""
        name, tag = f"{REGISTRY_HOST}/{self.repository}", secrets.token_hex(4)
        content = f"FROM scratch\nCOPY Dockerfile /{tag}\n".encode()
        build_image(f"{name}:{tag}", io.BytesIO(content))
        Engine().push(name, tag, self.registry.sign_in(), lambda _: None)

    def look_at_scan(self) -> None:
        """Ask for findings as the gate does; what it gives up with is raised."""
        scanner = ScanClient(
            page=self.registry.scan_page, starter=self.registry, clock=SystemClock(), scanning=self.registry.scanning
        )
        seen = ScanWatch(self.repository, self.image.digest, scanner).look()
        if isinstance(seen, Verdict):
            raise ErpBuildError(seen.why, next_step=seen.next_step)

    def look_at_enhanced_scan(self) -> None:
        """The same where the registry scans with Inspector."""
        Faults().script("GetRegistryScanningConfiguration", [ENHANCED], then="sticky")
        try:
            self.look_at_scan()
        finally:
            Faults().clear()

    def how_it_scans(self) -> None:
        """What the gate says of how images are scanned; a doubt ends no run, so it is raised here."""
        if doubt := self.registry.scanning(self.repository).doubt:
            raise ErpBuildError(doubt)

    def cluster(self) -> None:
        """Find the cluster, with nothing written."""
        with translate_aws_errors("eks:DescribeCluster", CLUSTER):
            self.client("eks").describe_cluster(name=CLUSTER)

    def look_at_logs(self) -> None:
        """A function that was never called has no log group."""
        with suppress(NoLogGroup):
            LogGroups(self.client("logs")).records(own_group(self.erp.function), 0)

    def token_for_maven(self) -> None:
        """Ask CodeArtifact for a token."""
        CodeArtifactTokens(self.client("codeartifact"), Secrets()).token(CodeArtifact(DOMAIN))

    def public_sign_in(self) -> None:
        """Sign in to the public registry."""
        PublicEcrSignIn(self.client("ecr-public"), Secrets()).sign_in()

    def who_approved(self) -> None:
        """Read the approvals of an execution of the template's pipeline."""
        pipeline = pipeline_template.Template({}).values["PipelineName"]
        PipelineApprovals(self.client("codepipeline")).given(pipeline, "11111111-2222-3333-4444-555555555555")

    def publish(self) -> None:
        """Tell the topic something."""
        message = NotifyRequest(
            topic=self.erp.topic, region=REGION, account=ACCOUNT, subject="a test", text="a test", chat="a test"
        )
        SnsTopics(self.client("sns"), lambda _: "aws").publish(message)


CALLS: dict[str, Callable[[Desk], object]] = {
    "ssm:GetParameters": lambda on: ParameterStore(on.client("ssm"), Secrets()).read([f"{on.erp.parameters}/region"]),
    "ecr:GetAuthorizationToken": lambda on: on.registry.sign_in(),
    "ecr:BatchGetImage": lambda on: on.registry.missing_repositories([on.repository]),
    "ecr:GetDownloadUrlForLayer": lambda on: on.registry.revision(on.image),
    "ecr:BatchCheckLayerAvailability": Desk.push,
    "ecr:InitiateLayerUpload": Desk.push,
    "ecr:UploadLayerPart": Desk.push,
    "ecr:CompleteLayerUpload": Desk.push,
    "ecr:PutImage": lambda on: on.registry.put_tag(on.image, "again"),
    "ecr:DescribeImages": lambda on: on.registry.pushed_at(on.repository, on.image.digest),
    "ecr:GetLifecyclePolicy": lambda on: on.registry.lifecycle(on.repository),
    "ecr:BatchGetRepositoryScanningConfiguration": Desk.how_it_scans,
    "ecr:GetRegistryScanningConfiguration": Desk.how_it_scans,
    "ecr:StartImageScan": lambda on: on.registry.start_scan(on.repository, on.image.digest),
    "ecr:DescribeImageScanFindings": Desk.look_at_scan,
    "inspector2:ListCoverage": Desk.look_at_enhanced_scan,
    "inspector2:ListFindings": Desk.look_at_enhanced_scan,
    "codeartifact:GetAuthorizationToken": Desk.token_for_maven,
    "ecr-public:GetAuthorizationToken": Desk.public_sign_in,
    "sts:GetServiceBearerToken": Desk.token_for_maven,
    "lambda:GetFunction": lambda on: on.functions.state(on.erp.function),
    "lambda:UpdateFunctionCode": lambda on: on.functions.may_update(on.state),
    "lambda:PublishVersion": lambda on: on.functions.publish(on.state, ""),
    "lambda:GetAlias": lambda on: on.functions.publish(on.state, "live"),
    "lambda:UpdateAlias": lambda on: on.functions.publish(on.state, "live"),
    "lambda:CreateAlias": lambda on: on.functions.publish(on.state, f"live-{secrets.token_hex(3)}"),
    "eks:DescribeCluster": Desk.cluster,
    "logs:FilterLogEvents": Desk.look_at_logs,
    "cloudwatch:DescribeAlarms": lambda on: CloudWatchAlarms(on.client("cloudwatch")).states(on.erp.name),
    "elasticloadbalancing:DescribeTargetHealth": lambda on: LoadBalancers(on.client("elbv2")).targets(
        GROUP.format("a")
    ),
    "codepipeline:ListActionExecutions": Desk.who_approved,
    "sns:Publish": Desk.publish,
}
"""Action -> the call of a tool that needs it."""


@pytest.fixture(scope="module")
def small() -> Iterator[Tenant]:
    """A tenant that nobody deploys to."""
    os.environ.setdefault("DOCKER_HOST", engine.address())
    made = provisioning.create(in_lane("policy"))
    yield made
    provisioning.remove(made)


def desk(erp: Tenant, action: str) -> Desk:
    """The desk of a new role with the shipped policy without one action."""
    name = f"{erp.build_role}-{secrets.token_hex(3)}"
    roles.create_role(name, pipeline_template.without(roles.shipped_policy(erp, **OF_OPTIONS), action))
    return Desk(erp, name)


@pytest.fixture(scope="module")
def whole(small: Tenant) -> Iterator[Desk]:
    """The desk of a role with the whole policy."""
    made = desk(small, "nothing")
    yield made
    roles.remove_role(made.role)


@pytest.fixture
def reduced(small: Tenant, action: str) -> Iterator[Desk]:
    """The desk of a role without the action of the test."""
    made = desk(small, action)
    yield made
    roles.remove_role(made.role)


def test_each_action_that_erp_build_needs_has_its_call_here() -> None:
    needed = {one.action for one in RUN if one.action.partition(":")[0] not in OF_CODEBUILD} | OF_LOGS
    assert set(CALLS) == needed - NOT_ENFORCED - ENDS_NOTHING


@pytest.mark.parametrize("action", CALLS)
def test_without_an_action_the_error_names_it_and_what_to_add(whole: Desk, reduced: Desk, action: str) -> None:
    CALLS[action](whole)
    with pytest.raises(ErpBuildError) as caught:
        CALLS[action](reduced)
    error = caught.value
    said = f"{error.what} {error.next_step}"
    assert action in said
    if action != "ecr:BatchCheckLayerAvailability":  # asked by HEAD: the answer has no words, and names no role
        assert f'"Action": "{action}"' in said
        assert reduced.role in said
    decided = {one["action"] for one in Faults().decisions(reduced.role) if not one["allowed"]}
    assert decided == {action}


def is_foreign(resource: str, tenant: Tenant) -> bool:
    """Whether a resource is a repository of somebody else."""
    kind, _, name = resource.rpartition(":")[2].partition("/")
    return kind == "repository" and not name.startswith(f"{tenant.name}/")


def test_the_whole_policy_is_used_by_a_deployment(demonstrated: Erp) -> None:
    decided = Faults().decisions(demonstrated.tenant.build_role)
    # What `doctor` asks beyond a run is for people, and refused to the role when another test calls it. It also asks of
    # base images what a run asks of its own ones alone.
    bases = {one["resource"] for one in decided if is_foreign(one["resource"], demonstrated.tenant)}
    refused = {one["action"] for one in decided if not one["allowed"] and one["resource"] not in bases}
    assert refused <= {one.action for one in DOCTOR}
    always = {one.action for one in RUN if not one.only and one.action.partition(":")[0] not in OF_CODEBUILD} | OF_LOGS
    # Images are scanned on push, and the demo has nobody to tell: both have their calls above.
    assert always - {one["action"] for one in decided} <= {"ecr:StartImageScan", "sns:Publish"}
