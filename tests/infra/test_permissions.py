"""The one list of permissions, held against what the program calls and against the template."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard, get_args

import botocore.session
import pytest
from botocore import xform_name

from erp_build.model.permission import DOCTOR, FAN_OUT, READS, RUN, WORKER, Stage
from sandbox.aws.iam.required_actions import KNOWN
from sandbox.aws.pipeline_template import BUILD_ROLE, CONNECTION, TEMPLATE, Template

SOURCES = Path(__file__).parents[2] / "src" / "erp_build"
FREE = {"sts:GetCallerIdentity"}
"""Needs no permission."""
BY_THE_ENGINE = {
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
    "codeartifact:ReadFromRepository",
    "sts:GetServiceBearerToken",
}
"""What others ask in the name of the role: the registry's own protocol for pushes, pulls and a look at an image's
configuration, Maven with its token, and AWS for a token."""
SAME_NAMES = {"ecr-public:DescribeImages", "ecr-public:DescribeRepositories", "ecr-public:PutImage"}
"""Operations of another service that are called as those of ECR; of the public one only the sign-in is asked."""
OTHER_PREFIXES = {"elbv2": "elasticloadbalancing"}
"""Name of a client -> how policies call its service."""
NOT_IN_THE_SANDBOX = {
    "codeartifact:ReadFromRepository",
    "codepipeline:ListActionExecutions",
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
    "xray:GetTraceSummaries",
}
"""Actions that only some need, of services that the sandbox need not have."""
FOR_US = {"codeconnections", "codestar-connections", "s3", "logs", "codebuild", "kms", "inspector2"}
"""Services that CodeBuild calls with the role, or that AWS asks behind another call."""
OF_WORKERS = {one.action for one in RUN if one.only == FAN_OUT}
"""What a run itself asks CodeBuild."""
OF_LOGS = {"logs:FilterLogEvents"}
"""What a run itself asks CloudWatch Logs, to which CodeBuild writes with the same role."""
NAMES = {
    "partition": "aws",
    "region": "ap-northeast-2",
    "account": "123456789012",
    "parameters": "/erp/dev",
    "prefix": "erp",
    "function": "erp-dev-employee-service",
    "cluster": "erp-dev",
    "topic": "erp-dev-alarms",
    "bucket": "erp-unified-pipeline-123456789012-ap-northeast-2",
    "log_group": "/aws/codebuild/erp-unified-build",
    "project": "erp-unified-build",
    "workers": "erp-unified-workers",
    "pipeline": "erp-unified-pipeline",
    "connection": CONNECTION,
    "key": "arn:aws:kms:ap-northeast-2:123456789012:key/1",
    "registry_region": "ap-northeast-2",
    "registry_account": "123456789012",
    "base_images": "arn:aws:ecr:us-east-1:210987654321:repository/base/*",
    "domain": "arn:aws:codeartifact:ap-northeast-2:123456789012:domain/erp",
    "packages": "arn:aws:codeartifact:ap-northeast-2:123456789012:repository/erp/*",
}
EVERYTHING = {
    "Publish": "true",
    "EnhancedScanning": "true",
    "Traces": "true",
    "KeyArn": NAMES["key"],
    "BaseImages": NAMES["base_images"],
    "CreateOnPush": "true",
    "PublicEcr": "true",
    "WorkerProject": NAMES["workers"],
    "CodeArtifactDomain": NAMES["domain"],
    "CodeArtifactPackages": NAMES["packages"],
    "Approval": "true",
}


def granted(given: dict[str, str]) -> set[tuple[str, str]]:
    """(action, resource) of the template's policy for the role of a run."""
    (document,) = Template(given).policies(BUILD_ROLE)
    return {(action, one["Resource"]) for one in document["Statement"] for action in one["Action"]}


def listed(*without: str) -> set[tuple[str, str]]:
    """(action, resource) of the list, without what is needed only for some settings."""
    return {(one.action, one.on(NAMES)) for one in RUN if not any(word in one.only for word in without)}


def called() -> Iterator[str]:
    """Every operation of AWS whose method is named anywhere in the program, of the services that it has clients of."""
    session = botocore.session.get_session()
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES.rglob("*.py")]
    clients = {service for tree in trees for service in _clients(tree)}
    named = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    calls = [node for tree in trees for node in ast.walk(tree) if _is_call(node, "get_paginator")]
    named |= {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}
    for service in clients:
        for operation in session.get_service_model(service).operation_names:
            if xform_name(operation) in named:
                yield f"{OTHER_PREFIXES.get(service, service)}:{operation}"


def _clients(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if _is_call(node, "client") and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def _is_call(node: ast.AST, method: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method


def test_the_list_is_what_the_program_calls() -> None:
    ours = {one.action for one in RUN if one.action.partition(":")[0] not in FOR_US}
    ours = ours - BY_THE_ENGINE | OF_WORKERS | OF_LOGS
    found = set(called()) - FREE - SAME_NAMES
    assert found - {one.action for one in DOCTOR} <= ours
    assert ours <= found


def test_the_sandbox_enforces_every_action_of_the_list_that_is_called_in_it() -> None:
    of_codebuild = FOR_US - {"inspector2"}
    ours = {one.action for one in RUN if one.action.partition(":")[0] not in of_codebuild} | OF_WORKERS | OF_LOGS
    assert ours - NOT_IN_THE_SANDBOX <= KNOWN <= ours | {one.action for one in DOCTOR}


def test_the_template_carries_exactly_the_list() -> None:
    assert granted(EVERYTHING) == listed()


@pytest.mark.parametrize(
    ("missing", "without"),
    [
        ("Publish", ("publish", "alias")),
        ("EnhancedScanning", ("enhanced",)),
        ("Traces", ("traces",)),
        ("KeyArn", ("KMS",)),
        ("BaseImages", ("elsewhere",)),
        ("CreateOnPush", ("a push makes",)),
        ("WorkerProject", ("fan_out",)),
        ("Approval", ("manual approval",)),
        # Each of the two needs a token of STS.
        ("CodeArtifactDomain CodeArtifactPackages PublicEcr", ("codeartifact", "public.ecr.aws")),
    ],
)
def test_what_only_some_need_is_only_given_to_them(missing: str, without: tuple[str, ...]) -> None:
    given = {name: value for name, value in EVERYTHING.items() if name not in missing.split()}
    assert granted(given) == listed(*without)


def test_the_role_of_a_worker_carries_exactly_what_a_worker_needs_and_its_cache() -> None:
    bucket = f"arn:aws:s3:::{NAMES['bucket']}"
    cache = {
        *((action, f"{bucket}/cache-of-workers/*") for action in ("s3:GetObject", "s3:PutObject")),
        *((action, bucket) for action in ("s3:GetBucketAcl", "s3:GetBucketLocation")),
        ("kms:GenerateDataKey", NAMES["key"]),
    }
    (document,) = Template(EVERYTHING).policies("WorkerRole")
    found = {(action, one["Resource"]) for one in document["Statement"] for action in one["Action"]}
    assert found == {(one.action, one.on(NAMES)) for one in WORKER} | cache


def test_a_worker_can_neither_deploy_nor_judge_nor_tell_nor_begin_a_build() -> None:
    services = {one.action.partition(":")[0] for one in WORKER}
    assert services & {"lambda", "eks", "cloudwatch", "sns", "codebuild", "inspector2"} == set()
    assert {one.action for one in WORKER} & {"ecr:StartImageScan", "ecr:DescribeImageScanFindings"} == set()


def test_each_action_of_the_template_has_its_reason_beside_it() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert [one for one in (*RUN, *WORKER) if f"- {one.action}  # {one.reason}\n" not in text] == []


def test_who_looks_may_read_what_doctor_reads_and_change_nothing() -> None:
    template = Template({})
    document = template.resolve(template.document["Resources"]["DoctorPolicy"]["Properties"]["PolicyDocument"])
    assert {action for one in document["Statement"] for action in one["Action"]} == READS | {
        one.action for one in DOCTOR
    }
    assert {one.action for one in RUN} > READS
    assert all(action.partition(":")[2].startswith(("Get", "BatchGet", "Describe", "Filter")) for action in READS)


def test_only_what_has_no_narrower_resource_is_allowed_on_everything() -> None:
    wide = {one.action for one in RUN if one.resource == "*"}
    assert wide == {
        "ecr:GetAuthorizationToken",
        "ecr:GetRegistryScanningConfiguration",
        "ecr:DescribeRepositoryCreationTemplates",
        "ecr-public:GetAuthorizationToken",
        "sts:GetServiceBearerToken",
        "inspector2:ListCoverage",
        "inspector2:ListFindings",
        "xray:GetTraceSummaries",
        "elasticloadbalancing:DescribeTargetHealth",
    }


def test_every_value_of_the_file_has_its_type() -> None:
    for one in (*RUN, *WORKER, *DOCTOR):
        assert one.stage in get_args(Stage)
        assert all(isinstance(text, str) for text in (one.action, one.resource, one.reason, one.only))
        assert isinstance(one.fatal, bool)


def test_nothing_is_listed_twice_and_no_action_is_a_pattern() -> None:
    pairs = [(one.action, one.resource) for one in RUN]
    assert len(pairs) == len(set(pairs))
    assert not any("*" in action for action, _ in pairs)
