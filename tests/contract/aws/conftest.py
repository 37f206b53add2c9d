"""An account in this process (moto), whose clients are configured as those of a run."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from erp_build.tools.aws import CONFIG

REGION = "ap-northeast-2"


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
    return boto3.client(service, region_name=REGION, config=CONFIG)


def stubbed(service: Any) -> tuple[Any, Stubber]:
    """A client whose answers a test scripts; what it is asked is checked against the model of the API."""
    made = client(service)
    stub = Stubber(made)
    stub.activate()
    return made, stub
