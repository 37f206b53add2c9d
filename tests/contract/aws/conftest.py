"""An account in this process (moto), whose clients are configured as those of a run."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from erp_build.clients.aws.session import CLIENT_CONFIG

REGION = "ap-northeast-2"
MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "invented")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def account() -> Iterator[None]:
    """An empty account."""
    with mock_aws():
        yield


def client(service: Any) -> Any:
    """A client as `wiring` makes it."""
    return boto3.client(service, region_name=REGION, config=CLIENT_CONFIG)


def stubbed(service: Any) -> tuple[Any, Stubber]:
    """A client whose answers a test scripts; what it is asked is checked against the model of the API."""
    made = client(service)
    stub = Stubber(made)
    stub.activate()
    return made, stub


def store_image(repository: str, tag: str) -> str:
    """Make a repository with an image in moto's registry; returns the digest."""
    ecr = client("ecr")
    ecr.create_repository(repositoryName=repository)
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MEDIA_TYPE, "config": {"digest": "sha256:c"}, "layers": []})
    answer = ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag=tag)
    digest: str = answer["image"]["imageId"]["imageDigest"]
    return digest
