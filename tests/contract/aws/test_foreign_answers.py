"""Something else than AWS answers: an error of the place that says so, and never "a bug of erp_build"."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from erp_build.clients.aws.inspection import AwsDelivery, RepositorySettings
from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.log_groups import LogGroups
from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.session import Caller
from erp_build.clients.aws.traces import XRayTraces
from erp_build.clients.kubernetes.kubeconfig import ClusterAccess
from erp_build.clients.secrets import Secrets
from erp_build.errors import ErpBuildError, PushFailed
from erp_build.gate.image_watch import platform_digests
from erp_build.model.images.image import ImageReference, StoredImage
from tests.contract.aws.conftest import MEDIA_TYPE, REGION, client
from tests.support.foreign_answers import foreign

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": MEDIA_TYPE,
    "config": {"digest": DIGEST, "size": 7},
    "layers": [{"digest": DIGEST, "size": 9}],
}
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
INDEX = {"manifests": [{"digest": DIGEST, "annotations": {"a": "b"}, "platform": {"os": "linux"}}]}


class Elsewhere:
    """Answers every request of a client with one body."""

    def __init__(self, service: str) -> None:
        self.client = client(service)
        self.client.meta.events.register("before-send", self._answer)
        self.body = b""

    def _answer(self, **_: Any) -> AWSResponse:
        body = self.body

        class Raw:
            def stream(self, **_: Any) -> list[bytes]:
                return [body]

        headers = HTTPHeaders.from_dict({"content-type": "application/json", "x-amzn-requestid": "1"})
        return AWSResponse("https://elsewhere.invalid", 200, headers, Raw())


def images(document: Any, media_type: str = MEDIA_TYPE) -> dict[str, Any]:
    identifier = {"imageDigest": DIGEST, "imageTag": "1a2b3c4"}
    manifest = json.dumps(document)
    return {"images": [{"imageId": identifier, "imageManifest": manifest, "imageManifestMediaType": media_type}]}


def use_stored(client: Any) -> None:
    """Read an image and what a run reads of it."""
    for image in filter(None, [EcrRegistry(client, Secrets()).stored("erp/a", "1a2b3c4")]):
        assert image.size >= 0
        assert isinstance(image.is_single, bool)
        assert all(platform_digests(image))


def use_state(client: Any) -> None:
    """Read a function and what a run reads of it."""
    if state := LambdaFunctions(client).state("erp-dev-employee-service"):
        ImageReference.parse(state.image)
        ImageReference.parse(state.resolved)


FUNCTION = {
    "Configuration": {
        "PackageType": "Image",
        "Architectures": ["x86_64"],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "RevisionId": "1",
        "CodeSha256": "ab",
        "LastModified": "2026-11-29",
        "Environment": {"Variables": {"DB_PASSWORD": "hidden-away"}},
    },
    "Code": {"ImageUri": "a.b/erp/a:1", "ResolvedImageUri": f"a.b/erp/a@{DIGEST}"},
}
CLUSTER = {"name": "erp-dev", "status": "ACTIVE", "endpoint": "https://e", "certificateAuthority": {"data": "YQ=="}}
ACTION = {
    "name": "Build",
    "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
    "configuration": {"ProjectName": "erp-unified-build"},
}
PROJECT = {
    "serviceRole": "arn:aws:iam::123456789012:role/a",
    "environment": {"privilegedMode": True},
    "timeoutInMinutes": 60,
    "source": {"type": "CODEPIPELINE", "gitCloneDepth": 1},
}
RECORD = {"eventId": "1", "logStreamName": "a", "timestamp": 1795974241000, "message": "hello"}
PARAMETER = {"Name": "/erp/dev/a", "Type": "SecureString", "Value": "hidden-away"}
REPOSITORY = {
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "latest"}],
}
SIGN_IN = {"authorizationToken": "QVdTOnB3", "expiresAt": 4102444800, "proxyEndpoint": "https://r.invalid"}

Use = Callable[[Any], object]
CALLS: dict[str, tuple[str, Any, Use]] = {
    "an image": ("ecr", images(MANIFEST), use_stored),
    "an index": ("ecr", images(INDEX, INDEX_TYPE), use_stored),
    "the sign-in": ("ecr", {"authorizationData": [SIGN_IN]}, lambda ecr: EcrRegistry(ecr, Secrets()).host()),
    "the time of a push": (
        "ecr",
        {"imageDetails": [{"imagePushedAt": 1764000000}]},
        lambda ecr: EcrRegistry(ecr, Secrets()).pushed_at("erp/a", DIGEST).isoformat(),
    ),
    "a repository": (
        "ecr",
        {"repositories": [REPOSITORY]},
        lambda ecr: RepositorySettings(ecr).may_move("erp/a", "latest"),
    ),
    "a lifecycle policy": (
        "ecr",
        {
            "lifecyclePolicyText": '{"rules": []}',
            "imageDetails": [{"imageDigest": DIGEST, "imagePushedAt": 1764000000}],
        },
        lambda ecr: [one.pushed.isoformat() for one in EcrRegistry(ecr, Secrets()).lifecycle("erp/a").images],
    ),
    "a function": ("lambda", FUNCTION, use_state),
    "a version": (
        "lambda",
        FUNCTION,
        lambda functions: LambdaFunctions(functions).alias_digest("erp-dev-employee-service", "live"),
    ),
    "records of a log group": (
        "logs",
        {"events": [RECORD], "nextToken": "2"},
        lambda logs: "".join(one.text for one in LogGroups(logs).records("/aws/lambda/a", 0).records),
    ),
    "traces": (
        "xray",
        {"TraceSummaries": [{"Id": "1", "ResponseTime": 0.5, "Duration": 1.0}], "NextToken": "2"},
        lambda xray: sum(one.seconds for one in XRayTraces(xray).page("a", NOW, NOW).traces),
    ),
    "parameters": (
        "ssm",
        {"Parameters": [PARAMETER]},
        lambda ssm: "".join(ParameterStore(ssm, Secrets()).read_secrets(["/erp/dev/a"]).values()),
    ),
    "a pipeline": (
        "codepipeline",
        {"pipeline": {"stages": [{"actions": [ACTION]}], "artifactStore": {"type": "S3", "location": "b"}}},
        lambda pipelines: AwsDelivery(pipelines, None, None, None).pipeline("erp-unified-pipeline"),  # type: ignore[arg-type]
    ),
    "a build project": (
        "codebuild",
        {"projects": [PROJECT]},
        lambda builds: AwsDelivery(None, builds, None, None).project("erp-unified-build"),  # type: ignore[arg-type]
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_of_another_form_is_an_error_of_its_place(name: str) -> None:
    service, right, use = CALLS[name]
    elsewhere = Elsewhere(service)
    elsewhere.body = json.dumps(right).encode()
    use(elsewhere.client)
    refused = 0
    for what, document in foreign(right):
        elsewhere.body = json.dumps(document).encode()
        refused += _is_refused(use, elsewhere.client, what)
    assert refused > 2


@pytest.mark.parametrize("body", [b"", b"<html>Sign in</html>", b"\xff\xfe", b"[" * 100_000, b"null", b'"x"', b"{}"])
@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_answer_at_all_is_an_error_of_its_place(name: str, body: bytes) -> None:
    service, _, use = CALLS[name]
    elsewhere = Elsewhere(service)
    elsewhere.body = body
    _is_refused(use, elsewhere.client, str(body[:20]))


def _is_refused(use: Use, client: Any, what: str) -> bool:
    """Whether the answer is refused: by one of our errors with a code of its own, and by no other error."""
    error = _error_of(use, client)
    if error is None:
        return False
    assert error.code != ErpBuildError.code, what
    assert error.where, what
    assert error.next_step, what
    assert "hidden-away" not in error.why
    return True


def _error_of(use: Use, client: Any) -> ErpBuildError | None:
    try:
        use(client)
    except ErpBuildError as error:
        return error
    return None


def test_the_identity_of_a_caller_that_sts_did_not_give_is_refused() -> None:
    elsewhere = Elsewhere("sts")
    elsewhere.body = b"<html/>"
    with pytest.raises(ErpBuildError, match="the answer of STS cannot be read") as caught:
        Caller(elsewhere.client, REGION).account()
    assert caught.value.code == 2


@pytest.mark.parametrize(("what", "document"), list(foreign({"cluster": CLUSTER})), ids=lambda one: str(one)[:40])
def test_a_cluster_that_eks_does_not_describe_is_refused(what: str, document: Any, tmp_path: Path) -> None:
    elsewhere = Elsewhere("eks")
    elsewhere.body = json.dumps(document).encode()
    access = ClusterAccess(None, elsewhere.client, tmp_path, Secrets())  # type: ignore[arg-type]
    _is_refused(lambda _: access.to("erp-dev"), elsewhere.client, what)


def test_the_error_names_what_was_asked_what_is_wrong_and_the_stand_in() -> None:
    elsewhere = Elsewhere("ecr")
    elsewhere.body = json.dumps({"images": [{"imageManifest": "{}", "imageManifestMediaType": MEDIA_TYPE}]}).encode()
    with pytest.raises(PushFailed, match="the answer of ECR cannot be read") as caught:
        EcrRegistry(elsewhere.client, Secrets()).stored("erp/a", "1a2b3c4")
    error = caught.value
    assert (error.code, error.where, error.why) == (5, "ECR, erp/a, 1a2b3c4", "it has no 'imageId'")
    with pytest.raises(PushFailed, match="the answer of ECR cannot be read") as caught:
        EcrRegistry(elsewhere.client, Secrets()).stored_each("erp/a", ("1a2b3c4", "latest"))
    assert caught.value.where == "ECR, erp/a, 1a2b3c4, latest"
    assert "AWS_ENDPOINT_URL" in error.next_step


@pytest.mark.parametrize("config", ["null", '{"Labels": null}', "{}"])
def test_an_image_whose_configuration_is_null_has_no_labels(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry, image = _with_configuration(f'{{"config": {config}}}', monkeypatch)
    assert registry.revision(image) is None
    assert registry.key(image) is None
    assert registry.platform(image) == ""


@pytest.mark.parametrize("text", ["null", "[]", '{"config": 7}', '{"config": {"Labels": [7]}}', "[" * 100_000, "<a>"])
def test_a_configuration_of_another_form_is_an_error_of_the_registry(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, image = _with_configuration(text, monkeypatch)
    with pytest.raises(PushFailed, match="the answer of ECR cannot be read"):
        registry.key(image)


def _with_configuration(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[EcrRegistry, StoredImage]:
    """A registry whose only image has this configuration."""
    answer = requests.Response()
    answer.status_code, answer._content = 200, text.encode()
    elsewhere = Elsewhere("ecr")
    elsewhere.body = json.dumps({"authorizationData": [SIGN_IN]}).encode()
    monkeypatch.setattr("requests.get", lambda *_, **__: answer)
    image = StoredImage(repository="erp/a", digest=DIGEST, media_type=MEDIA_TYPE, manifest=json.dumps(MANIFEST))
    return EcrRegistry(elsewhere.client, Secrets()), image
