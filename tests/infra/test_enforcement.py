"""Which action on which resource the sandbox checks for a call: as AWS's authorization reference has it."""

import json

import pytest
from aiohttp.test_utils import make_mocked_request

from sandbox.aws.iam.required_actions import ANY, INSPECTOR, Need, needs, registry_need, repository_arn

HERE = "ap-northeast-2:123456789012"
FUNCTION = f"arn:aws:lambda:{HERE}:function:erp-dev-employee-service"
PATH = "/2015-03-31/functions/erp-dev-employee-service"
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=KEY/20260101/ap-northeast-2/ecr/aws4_request, Signature=0"}


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("GET", PATH, Need("lambda:GetFunction", FUNCTION)),
        ("GET", f"{PATH}?Qualifier=live", Need("lambda:GetFunction", f"{FUNCTION}:live")),
        ("PUT", f"{PATH}/code", Need("lambda:UpdateFunctionCode", FUNCTION)),
        ("GET", f"{PATH}/aliases/live", Need("lambda:GetAlias", FUNCTION)),
        ("PUT", f"{PATH}/aliases/live", Need("lambda:UpdateAlias", FUNCTION)),
        ("POST", f"{PATH}/aliases", Need("lambda:CreateAlias", FUNCTION)),
        ("GET", "/clusters/erp-dev", Need("eks:DescribeCluster", f"arn:aws:eks:{HERE}:cluster/erp-dev")),
    ],
)
def test_a_rest_call_needs_its_action_on_what_its_path_names(method: str, path: str, need: Need) -> None:
    assert needs(make_mocked_request(method, path), "?", b"", enhanced=False) == (need,)


def test_each_parameter_is_checked_by_itself() -> None:
    body = json.dumps({"Names": ["/erp/dev/region", "/other/secret"]}).encode()
    found = needs(make_mocked_request("POST", "/"), "GetParameters", body, enhanced=False)
    assert [need.resource for need in found] == [
        f"arn:aws:ssm:{HERE}:parameter/erp/dev/region",
        f"arn:aws:ssm:{HERE}:parameter/other/secret",
    ]


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("BatchGetProjects", {"names": ["erp-workers"]}),
        ("StartBuild", {"projectName": "erp-workers"}),
        ("ListBuildsForProject", {"projectName": "erp-workers"}),
        ("StopBuild", {"id": "erp-workers:1"}),
        ("BatchGetBuilds", {"ids": ["erp-workers:1", "erp-workers:2"]}),
    ],
)
def test_a_call_about_builds_is_checked_against_their_project(operation: str, body: dict[str, object]) -> None:
    found = needs(make_mocked_request("POST", "/"), operation, json.dumps(body).encode(), enhanced=False)
    assert found == (Need(f"codebuild:{operation}", f"arn:aws:codebuild:{HERE}:project/erp-workers"),)


def test_findings_of_an_enhanced_scan_need_inspector_too() -> None:
    body = json.dumps({"repositoryName": "erp/a"}).encode()
    request = make_mocked_request("POST", "/")
    plain = needs(request, "DescribeImageScanFindings", body, enhanced=False)
    assert plain == (Need("ecr:DescribeImageScanFindings", repository_arn("erp/a")),)
    assert needs(request, "DescribeImageScanFindings", body, enhanced=True) == (*plain, *INSPECTOR)


def test_who_calls_is_answered_to_everybody() -> None:
    assert needs(make_mocked_request("POST", "/"), "GetCallerIdentity", b"", enhanced=False) == ()


def test_what_no_row_knows_is_checked_against_everything_under_the_name_of_its_service() -> None:
    request = make_mocked_request("POST", "/", headers=SIGNED)
    assert needs(request, "DeleteRepository", b"{}", enhanced=False) == (Need("ecr:DeleteRepository", ANY),)


@pytest.mark.parametrize(
    ("method", "kind", "action"),
    [
        ("HEAD", "blobs", "ecr:BatchCheckLayerAvailability"),
        ("POST", "blobs", "ecr:InitiateLayerUpload"),
        ("PATCH", "blobs", "ecr:UploadLayerPart"),
        ("PUT", "blobs", "ecr:CompleteLayerUpload"),
        ("GET", "blobs", "ecr:GetDownloadUrlForLayer"),
        ("PUT", "manifests", "ecr:PutImage"),
        ("DELETE", "manifests", "ecr:DELETE-manifests"),
    ],
)
def test_a_request_to_the_registry_needs_the_action_that_ecr_has_for_it(method: str, kind: str, action: str) -> None:
    assert registry_need(method, kind, "erp/a") == Need(action, repository_arn("erp/a"))
