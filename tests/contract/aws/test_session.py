"""The session of a run: region and credentials are there at once, or one clear error says what is missing."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest

from erp_build.clients.aws.session import CLIENT_CONFIG, Caller, LazyClient, open_session
from erp_build.errors import ConfigurationError
from tests.contract.aws.conftest import REGION

PROFILES = """\
[profile signed-out]
region = eu-west-1
sso_session = company
sso_account_id = 123456789012
sso_role_name = build

[sso-session company]
sso_start_url = https://company.invalid/start
sso_region = eu-west-1

[profile broken]
region = eu-west-1
credential_process = /bin/false

[profile half]
region = eu-west-1
aws_access_key_id = invented
"""


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Neither variables nor files; the folder is the user's home."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.mark.usefixtures("no_credentials")
def test_without_credentials_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", REGION)
    with pytest.raises(ConfigurationError, match="there are no AWS credentials"):
        open_session()
    sts = boto3.Session(region_name=REGION).client("sts", config=CLIENT_CONFIG)
    with pytest.raises(ConfigurationError, match="there are no AWS credentials"):
        Caller(sts, REGION).account()


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        ("mistyped", "mistyped"),
        ("signed-out", "Token for company does not exist"),
        ("broken", "custom-process"),
        ("half", "aws_secret_access_key"),
    ],
)
def test_a_profile_that_gives_no_credentials_says_why(
    profile: str, why: str, no_credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (no_credentials / "config").write_text(PROFILES, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(no_credentials / "config"))
    monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(ConfigurationError, match="there are no AWS credentials") as caught:
        Caller(open_session().client("sts", config=CLIENT_CONFIG), REGION).account()
    assert why in caught.value.why
    assert "aws sso login" in caught.value.next_step


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
    ],
    ids=["region", "default", "both", "empty"],
)
def test_the_region_is_the_one_of_either_variable(
    variables: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert open_session().region_name == region


def test_without_a_region_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ConfigurationError, match="no AWS region is set"):
        open_session()


def test_a_client_is_made_by_its_first_call_and_once_for_all_threads() -> None:
    made: list[str] = []

    def make() -> SimpleNamespace:
        made.append("a client")
        return SimpleNamespace(answer=lambda: 42)

    client = LazyClient(make)
    assert made == []
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: client.answer(), range(20))) == [42] * 20
    assert made == ["a client"]
