"""The way to a cluster: asked once, written to private files, without anything that signs in by itself."""

import base64
import json
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber

from erp_build.clients.aws.session import CLIENT_CONFIG
from erp_build.clients.kubernetes.kubeconfig import ClusterAccess, ClusterToken
from erp_build.clients.secrets import Secrets
from erp_build.errors import ConfigurationError, ReleaseFailed

CERTIFICATE = b"-----BEGIN CERTIFICATE-----\ninvented\n-----END CERTIFICATE-----\n"
FOUND: dict[str, Any] = {
    "name": "erp-dev",
    "status": "ACTIVE",
    "endpoint": "https://ABC.gr7.ap-northeast-2.eks.amazonaws.com",
    "certificateAuthority": {"data": base64.b64encode(CERTIFICATE).decode()},
    "accessConfig": {"authenticationMode": "API"},
}


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "invented")


class Made:
    """The tool, its scripted client, its folder and what it knows of secrets."""

    def __init__(self, folder: Path) -> None:
        session = boto3.Session(region_name="ap-northeast-2")
        client = session.client("eks", config=CLIENT_CONFIG)
        self.stub = Stubber(client)
        self.stub.activate()
        self.secrets = Secrets()
        self.tool = ClusterAccess(session, client, folder, self.secrets)

    def find(self, **differing: Any) -> None:
        """Script an answer of DescribeCluster."""
        self.stub.add_response("describe_cluster", {"cluster": {**FOUND, **differing}}, {"name": "erp-dev"})


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_a_cluster_is_described_once(made: Made) -> None:
    made.find()
    assert made.tool.to("erp-dev") is made.tool.to("erp-dev")
    made.stub.assert_no_pending_responses()


def test_the_files_are_readable_by_their_owner_alone(made: Made, tmp_path: Path) -> None:
    made.find()
    access = made.tool.to("erp-dev")
    assert {path.parent for path in (access.certificate, access.kubeconfig)} == {tmp_path}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (access.certificate, access.kubeconfig)] == [0o600, 0o600]
    assert access.certificate.read_bytes() == CERTIFICATE


def test_the_kubeconfig_signs_in_by_a_command_and_holds_no_token(made: Made) -> None:
    made.find()
    access = made.tool.to("erp-dev")
    token = made.tool.token("erp-dev")
    text = access.kubeconfig.read_text(encoding="utf-8")
    assert "k8s-aws" not in text
    assert token not in text
    config = yaml.safe_load(text)
    assert config == json.loads(text)
    assert config["clusters"][0]["cluster"]["server"] == access.endpoint == FOUND["endpoint"]
    assert config["clusters"][0]["cluster"]["certificate-authority"] == str(access.certificate)
    (context,) = config["contexts"]
    assert config["current-context"] == context["name"]
    command = config["users"][0]["user"]["exec"]
    assert command["args"][-1] == "erp-dev"
    done = subprocess.run([command["command"], *command["args"]], env={}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"]["token"] == token
    assert command["interactiveMode"] == "Never"


def test_a_token_is_kept_renewed_in_its_last_minute_and_a_secret(made: Made) -> None:
    first = made.tool.token("erp-dev")
    assert made.tool.token("erp-dev") is first
    made.tool._tokens["erp-dev"] = ClusterToken("an-old-token", datetime.now(UTC) + timedelta(seconds=59))
    assert made.tool.token("erp-dev") != "an-old-token"
    assert made.secrets.mask(f"it is {first}") == "it is ***"


def test_a_cluster_of_before_access_entries_has_an_unknown_mode(made: Made) -> None:
    made.find(accessConfig={})
    assert made.tool.to("erp-dev").authentication_mode == "unknown"


@pytest.mark.parametrize("status", ["ACTIVE", "UPDATING"])
def test_a_cluster_whose_api_answers_is_used_also_while_it_is_being_updated(made: Made, status: str) -> None:
    made.find(status=status)
    assert made.tool.to("erp-dev").endpoint == FOUND["endpoint"]


@pytest.mark.parametrize(
    ("status", "meaning", "next_step"),
    [
        ("CREATING", "it is being made", "wait until it is ACTIVE"),
        ("PENDING", "it waits until its control plane is made", "wait until it is ACTIVE"),
        ("DELETING", "it is being deleted", "make the cluster anew"),
        ("FAILED", "it could not be made", "aws eks describe-cluster shows why"),
    ],
)
def test_a_cluster_without_an_api_is_not_used_and_each_status_has_its_words(
    made: Made, tmp_path: Path, status: str, meaning: str, next_step: str
) -> None:
    made.stub.add_response("describe_cluster", {"cluster": {"name": "erp-dev", "status": status}})
    with pytest.raises(ReleaseFailed, match="not active") as caught:
        made.tool.to("erp-dev")
    assert caught.value.why == f"its status is {status}: {meaning}"
    assert next_step in caught.value.next_step
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("ResourceNotFoundException", ReleaseFailed, "eks:DescribeCluster failed"),
        ("AccessDeniedException", ReleaseFailed, "eks:DescribeCluster is not allowed"),
        ("ExpiredTokenException", ConfigurationError, "AWS does not accept the credentials"),
    ],
)
def test_a_refused_description_says_why(made: Made, code: str, kind: type[ReleaseFailed], words: str) -> None:
    made.stub.add_client_error("describe_cluster", code, "said so")
    with pytest.raises(kind, match=words) as caught:
        made.tool.to("erp-dev")
    assert caught.value.why == f"{code}: said so"
