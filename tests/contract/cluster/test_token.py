"""A sign-in to a cluster is a presigned STS request, as `aws eks get-token` makes it, and needs no network."""

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from erp_build.clients.kubernetes import credential
from erp_build.clients.kubernetes.kubeconfig import CLUSTER_HEADER, EKS_PREFIX, ClusterToken, cluster_token
from erp_build.clients.secrets import Secrets
from erp_build.errors import ConfigurationError

REGION = "ap-northeast-2"
KEY = "AKIAINVENTEDKEY00000"


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": "invented-secret-key",
        "AWS_SESSION_TOKEN": "invented-session-token",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def signed_url(token: str) -> str:
    """The URL of a token, decoded as EKS decodes it."""
    text = token.removeprefix(EKS_PREFIX)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


@pytest.fixture
def token() -> ClusterToken:
    return cluster_token(boto3.Session(region_name=REGION), "erp-dev")


def test_a_token_is_url_safe_and_not_padded(token: ClusterToken) -> None:
    assert token.text.startswith("k8s-aws-v1.")
    assert not set(token.text) & set("=+/ \n")


def test_a_token_asks_the_regions_sts_who_the_caller_is(token: ClusterToken) -> None:
    url = urlsplit(signed_url(token.text))
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.scheme, url.netloc, url.path) == ("https", f"sts.{REGION}.amazonaws.com", "/")
    assert (asked["Action"], asked["Version"]) == ("GetCallerIdentity", "2011-06-15")
    assert asked["X-Amz-Credential"].startswith(f"{KEY}/")
    assert asked["X-Amz-Credential"].endswith(f"/{REGION}/sts/aws4_request")
    assert asked["X-Amz-Security-Token"] == "invented-session-token"
    assert "invented-secret-key" not in url.query


def test_the_name_of_the_cluster_is_signed(token: ClusterToken) -> None:
    asked = parse_qs(urlsplit(signed_url(token.text)).query)
    assert asked["X-Amz-SignedHeaders"] == [f"host;{CLUSTER_HEADER}"]
    other = cluster_token(boto3.Session(region_name=REGION), "erp-prod")
    assert parse_qs(urlsplit(signed_url(other.text)).query)["X-Amz-Signature"] != asked["X-Amz-Signature"]


def test_a_token_is_good_for_fourteen_minutes_and_its_url_for_one(token: ClusterToken) -> None:
    left = token.expires - datetime.now(UTC)
    assert timedelta(minutes=13, seconds=30) < left <= timedelta(minutes=14)
    assert parse_qs(urlsplit(signed_url(token.text)).query)["X-Amz-Expires"] == ["60"]


def test_a_token_is_masked_by_its_looks_alone(token: ClusterToken) -> None:
    masked = Secrets().mask(f"Authorization: Bearer {token.text}, from {signed_url(token.text)}")
    assert token.text not in masked
    assert "X-Amz-Signature=***" in masked


def test_without_credentials_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match="there are no AWS credentials"):
        cluster_token(boto3.Session(region_name=REGION), "erp-dev")


def run_plugin(**more: str) -> "subprocess.CompletedProcess[str]":
    """Call the plugin as client-go does; a proxy that nobody runs stands in the way of any request."""
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", **more}
    words = [sys.executable, "-m", "erp_build", "token", "--cluster", "erp-dev"]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_plugin_prints_a_credential_and_nothing_else() -> None:
    done = run_plugin(AWS_REGION=REGION)
    assert (done.returncode, done.stderr) == (0, "")
    printed = json.loads(done.stdout)
    assert (printed["kind"], printed["apiVersion"]) == ("ExecCredential", "client.authentication.k8s.io/v1beta1")
    assert signed_url(printed["status"]["token"]).startswith(f"https://sts.{REGION}.amazonaws.com/?")
    expires = datetime.strptime(printed["status"]["expirationTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(minutes=12) < expires - datetime.now(UTC) <= timedelta(minutes=14)


def test_the_plugin_says_on_stderr_what_is_missing() -> None:
    done = run_plugin(AWS_REGION=REGION, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there are no AWS credentials" in done.stderr


@pytest.mark.parametrize(
    ("minutes_left", "is_taken"),
    [
        pytest.param(14, True, id="young"),
        pytest.param(8, False, id="old"),
        pytest.param(None, False, id="none"),
    ],
)
def test_the_plugin_of_a_kubeconfig_takes_the_runs_own_token_while_it_is_young(
    minutes_left: int | None, tmp_path: Path, *, is_taken: bool
) -> None:
    file = tmp_path / "erp-dev.credential"
    if minutes_left:
        written = ClusterToken("k8s-aws-v1.known", datetime.now(UTC) + timedelta(minutes=minutes_left))
        file.write_text(written.as_exec_credential(), encoding="utf-8")
    words = [sys.executable, "-IS", credential.__file__, str(file), "erp-dev"]
    done = subprocess.run(
        words, env={**os.environ, "AWS_REGION": REGION}, capture_output=True, text=True, check=True, timeout=60
    )
    answer = json.loads(done.stdout)
    assert answer["kind"] == "ExecCredential"
    assert (answer["status"]["token"] == "k8s-aws-v1.known") is is_taken
    assert answer["status"]["token"].startswith("k8s-aws-v1.")
