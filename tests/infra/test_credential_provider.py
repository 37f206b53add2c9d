"""What the sandbox's kubelet asks before each pull."""

import json
import re
import subprocess
import sys

import pytest

from sandbox.cluster.node.ecr_credential_provider import API, ATTEMPTS, answer_to
from sandbox.endpoints import ACCOUNT, REGION, REGISTRY_HOST
from tests.support.documented import ROOT
from tests.support.loopback import loopback

IMAGE = f"{REGISTRY_HOST}/erp/notification-service@sha256:{'0' * 64}"
TOKEN = {"authorizationData": [{"authorizationToken": "QVdTOnNlY3JldDp3aXRoIGEgY29sb24="}]}  # AWS:secret:with a colon


def test_the_registry_of_the_image_is_signed_in_to_with_what_the_account_gives() -> None:
    with loopback() as account:
        account.serve("/", TOKEN)
        answer = answer_to(IMAGE, account.address)
    assert (answer["apiVersion"], answer["cacheDuration"]) == (API, "0s")
    assert answer["auth"] == {REGISTRY_HOST: {"username": "AWS", "password": "secret:with a colon"}}
    (asked,) = account.asked
    assert (asked.verb, json.loads(asked.body)) == ("POST", {})
    assert asked.headers["x-amz-target"].endswith(".GetAuthorizationToken")
    assert f"Credential={ACCOUNT}/20260101/{REGION}/ecr/" in asked.headers["authorization"]


def test_an_account_that_refuses_is_asked_again_and_then_shown() -> None:
    with loopback() as account:
        account.serve("/", {"__type": "ThrottlingException"}, 400)
        with pytest.raises(SystemExit, match=re.escape('failed: 400: {"__type": "ThrottlingException"}')):
            answer_to(IMAGE, account.address)
    assert len(account.asked) == ATTEMPTS


def test_an_account_that_is_away_is_shown() -> None:
    with loopback() as account:
        address = account.address
    with pytest.raises(SystemExit, match="failed: ConnectionRefusedError"):
        answer_to(IMAGE, address)


def test_the_program_needs_no_package() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import sandbox.cluster.node.ecr_credential_provider as it"
    done = subprocess.run(
        [sys.executable, "-IS", "-c", f"{code}; print(it.API)"], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == (API, "")
