"""Which IAM action on which resource a call needs, for all that a run calls; after AWS's authorization reference.

The stand-in's own enforcement knows these less exactly: it checks `GetParameters` against `*`, takes `UpdateAlias` for
`ListAliases`, and leaves the registry open.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from aiohttp import web

from sandbox.endpoints import ACCOUNT, REGION

HERE = f"{REGION}:{ACCOUNT}"
ANY = "*"
SIGNED_FOR = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
SIGNED_IN = re.compile(r"Credential=[^/]+/[^/]+/([^/]+)/")
NAMESPACES = {"monitoring": "cloudwatch"}
"""Services that sign with another name than policies have."""


class Need(NamedTuple):
    """An action and the resource that it is checked against."""

    action: str
    resource: str


def repository_arn(name: str, place: str = HERE) -> str:
    """The ARN of an image repository; `place` is region and account."""
    return f"arn:aws:ecr:{place}:repository/{name}"


def _one_repository(body: Mapping[str, Any]) -> list[str]:
    return [repository_arn(str(body.get("repositoryName", "")))]


def _repositories(body: Mapping[str, Any]) -> list[str]:
    return [repository_arn(name) for name in body.get("repositoryNames", ())]


def _parameters(body: Mapping[str, Any]) -> list[str]:
    return [f"arn:aws:ssm:{HERE}:parameter/{name.lstrip('/')}" for name in body.get("Names", ())]


def project_arn(name: str) -> str:
    """The ARN of a project of CodeBuild."""
    return f"arn:aws:codebuild:{HERE}:project/{name}"


def _one_project(body: Mapping[str, Any]) -> list[str]:
    return [project_arn(str(body.get("projectName", "")))]


def _projects(body: Mapping[str, Any]) -> list[str]:
    return [project_arn(str(name)) for name in body.get("names", ())]


def _projects_of_builds(body: Mapping[str, Any]) -> list[str]:
    """Of builds: a call about a build is checked against its project."""
    ids = body.get("ids") or [body.get("id", "")]
    return list(dict.fromkeys(project_arn(str(one).partition(":")[0]) for one in ids))


def _log_group(body: Mapping[str, Any]) -> list[str]:
    return [f"arn:aws:logs:{HERE}:log-group:{body.get('logGroupName', '')}:*"]


def _pipeline(body: Mapping[str, Any]) -> list[str]:
    return [f"arn:aws:codepipeline:{HERE}:{body.get('pipelineName', '')}"]


_JSON: dict[str, tuple[str, Callable[[Mapping[str, Any]], list[str]]]] = {
    "GetParameters": ("ssm:GetParameters", _parameters),
    "GetAuthorizationToken": ("ecr:GetAuthorizationToken", lambda _: [ANY]),
    "DescribeRepositoryCreationTemplates": ("ecr:DescribeRepositoryCreationTemplates", lambda _: [ANY]),
    "GetRegistryScanningConfiguration": ("ecr:GetRegistryScanningConfiguration", lambda _: [ANY]),
    "BatchGetRepositoryScanningConfiguration": ("ecr:BatchGetRepositoryScanningConfiguration", _repositories),
    "BatchGetImage": ("ecr:BatchGetImage", _one_repository),
    "DescribeImages": ("ecr:DescribeImages", _one_repository),
    "GetLifecyclePolicy": ("ecr:GetLifecyclePolicy", _one_repository),
    "DescribeImageScanFindings": ("ecr:DescribeImageScanFindings", _one_repository),
    "StartImageScan": ("ecr:StartImageScan", _one_repository),
    "PutImage": ("ecr:PutImage", _one_repository),
    "FilterLogEvents": ("logs:FilterLogEvents", _log_group),
    "DescribeAlarms": ("cloudwatch:DescribeAlarms", lambda _: [f"arn:aws:cloudwatch:{HERE}:alarm:*"]),
    "DescribeTargetHealth": ("elasticloadbalancing:DescribeTargetHealth", lambda _: [ANY]),
    "BatchGetProjects": ("codebuild:BatchGetProjects", _projects),
    "StartBuild": ("codebuild:StartBuild", _one_project),
    "ListBuildsForProject": ("codebuild:ListBuildsForProject", _one_project),
    "BatchGetBuilds": ("codebuild:BatchGetBuilds", _projects_of_builds),
    "StopBuild": ("codebuild:StopBuild", _projects_of_builds),
    "ListActionExecutions": ("codepipeline:ListActionExecutions", _pipeline),
    "Publish": ("sns:Publish", lambda body: [str(body.get("TopicArn", ANY))]),
}

FUNCTION = r"/2015-03-31/functions/(?P<name>[^/]+)"
_REST = (
    (re.compile(rf"GET {FUNCTION}"), "lambda:GetFunction"),
    (re.compile(rf"PUT {FUNCTION}/code"), "lambda:UpdateFunctionCode"),
    (re.compile(rf"POST {FUNCTION}/versions"), "lambda:PublishVersion"),
    (re.compile(rf"POST {FUNCTION}/aliases"), "lambda:CreateAlias"),
    (re.compile(rf"GET {FUNCTION}/aliases/[^/]+"), "lambda:GetAlias"),
    (re.compile(rf"PUT {FUNCTION}/aliases/[^/]+"), "lambda:UpdateAlias"),
    (re.compile(r"GET /clusters/(?P<name>[^/]+)"), "eks:DescribeCluster"),
)

_REGISTRY = {
    ("HEAD", "blobs"): "BatchCheckLayerAvailability",
    ("GET", "blobs"): "GetDownloadUrlForLayer",
    ("POST", "blobs"): "InitiateLayerUpload",
    ("PATCH", "blobs"): "UploadLayerPart",
    ("PUT", "blobs"): "CompleteLayerUpload",
    ("HEAD", "manifests"): "BatchGetImage",
    ("GET", "manifests"): "BatchGetImage",
    ("PUT", "manifests"): "PutImage",
    ("GET", "referrers"): "BatchGetImage",
}
"""The registry's protocol (OCI distribution) and ECR's actions behind it."""

INSPECTOR = (Need("inspector2:ListCoverage", ANY), Need("inspector2:ListFindings", ANY))
"""What ECR asks in the caller's name where the registry scans with Inspector."""

CODEARTIFACT_TOKEN, PUBLIC_TOKEN = "CodeArtifactToken", "PublicRegistryToken"
"""Operations whose own name, GetAuthorizationToken, is also that of ECR."""

CODEARTIFACT_ACTION, PUBLIC_ACTION = "codeartifact:GetAuthorizationToken", "ecr-public:GetAuthorizationToken"
BEARER_TOKEN = Need("sts:GetServiceBearerToken", ANY)

KNOWN = frozenset(
    {action for action, _ in _JSON.values()}
    | {action for _, action in _REST}
    | {f"ecr:{action}" for action in _REGISTRY.values()}
    | {need.action for need in (*INSPECTOR, BEARER_TOKEN)}
    | {CODEARTIFACT_ACTION, PUBLIC_ACTION}
)
"""Every action that a row knows."""


def needs(request: web.Request, operation: str, body: bytes, *, enhanced: bool) -> tuple[Need, ...]:
    """What a call of AWS needs; empty for the one that needs nothing.

    Args:
        request: the call.
        operation: its name.
        body: of the call.
        enhanced: whether the registry scans with Inspector.
    """
    if operation == "GetCallerIdentity":
        return ()
    if operation == CODEARTIFACT_TOKEN:
        return _codeartifact_needs(request)
    if operation == PUBLIC_TOKEN:
        return Need(PUBLIC_ACTION, ANY), BEARER_TOKEN
    if operation in _JSON:
        action, resources = _JSON[operation]
        found = tuple(Need(action, resource) for resource in resources(_fields(request, body)) or [ANY])
        return (*found, *INSPECTOR) if enhanced and operation == "DescribeImageScanFindings" else found
    line = f"{request.method} {request.path.rstrip('/')}"
    for pattern, action in _REST:
        if match := pattern.fullmatch(line):
            return (Need(action, _rest_resource(action, match["name"], request.query.get("Qualifier", ""))),)
    # No row knows it, so the resource is not known either: only a policy for all of them allows it.
    signed = SIGNED_FOR.search(request.headers.get("Authorization", ""))
    service = signed[1] if signed else "unknown"
    return (Need(f"{NAMESPACES.get(service, service)}:{operation}", ANY),)


def registry_need(method: str, kind: str, repository: str, place: str = HERE) -> Need:
    """What a request to the registry itself needs; `place` is its region and account."""
    return Need(f"ecr:{_REGISTRY.get((method, kind), f'{method}-{kind}')}", repository_arn(repository, place))


def _codeartifact_needs(request: web.Request) -> tuple[Need, ...]:
    """What the token of a domain needs: CodeArtifact asks STS for it in the caller's name."""
    owner, domain = request.query.get("domain-owner", ACCOUNT), request.query.get("domain", "")
    resource = f"arn:aws:codeartifact:{signed_region(request)}:{owner}:domain/{domain}"
    return Need(CODEARTIFACT_ACTION, resource), BEARER_TOKEN


def signed_region(request: web.Request) -> str:
    """The region that a call is signed for."""
    found = SIGNED_IN.search(request.headers.get("Authorization", ""))
    return found[1] if found else REGION


def _rest_resource(action: str, name: str, qualifier: str) -> str:
    if action == "eks:DescribeCluster":
        return f"arn:aws:eks:{HERE}:cluster/{name}"
    return f"arn:aws:lambda:{HERE}:function:{name.rpartition(':')[2]}" + (f":{qualifier}" if qualifier else "")


def _fields(request: web.Request, body: bytes) -> Mapping[str, Any]:
    if "x-www-form-urlencoded" in request.headers.get("Content-Type", ""):
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
