"""What a real run sends is counted as what it is: operations of AWS, kinds of paths, programs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
import requests
from botocore.config import Config

from bench.counted_program import PROGRAMS, Requests
from tests.support.loopback import loopback


@pytest.fixture(scope="module")
def heard() -> Requests:
    """Everything that this process sends from now on: a hook cannot be taken away."""
    found = Requests()
    sys.addaudithook(found.hear)
    return found


def aws(name: Literal["ecr", "sns"], address: str) -> Any:
    session = boto3.Session("a", "b", region_name="ap-northeast-2")
    client: Any = session.client
    return client(name, endpoint_url=address, config=Config(retries={"total_max_attempts": 1}))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_operation_of_aws_is_counted_by_its_name(heard: Requests) -> None:
    with loopback() as server:
        server.serve("/", {"images": [], "failures": []})
        ecr = aws("ecr", server.address)
        for _ in range(2):
            ecr.batch_get_image(repositoryName="erp/a", imageIds=[{"imageTag": "latest"}])
        ecr.close()
        # The answer is none of SNS; what counts is what was asked.
        sns = aws("sns", server.address)
        with pytest.raises(Exception, match=r"."):
            sns.list_topics()
        sns.close()
        host = server.address.partition("://")[2]
    assert +heard.by_host[host] == {"BatchGetImage": 2, "ListTopics": 1}


@pytest.mark.parametrize(
    ("verb", "path", "name"),
    [
        ("GET", "/v2/erp/a-service/blobs/sha256:1", "GET blobs"),
        ("PUT", "/v2/erp/a-service/manifests/abc1234", "PUT manifests"),
        ("GET", "/api/v1/namespaces/erp-dev/pods?limit=500", "GET pods"),
        ("GET", "/apis/apps/v1/namespaces/erp-dev/deployments", "GET deployments"),
        ("PATCH", "/apis/coordination.k8s.io/v1/namespaces/erp-dev/leases/erp", "PATCH leases"),
        ("GET", "/2015-03-31/functions/erp-dev-one", "GET functions"),
        ("PUT", "/2015-03-31/functions/erp-dev-one/code", "PUT functions/code"),
        ("GET", "/version/", "GET /version"),
    ],
)
def test_any_other_request_is_counted_by_its_kind(heard: Requests, verb: str, path: str, name: str) -> None:
    with loopback() as server:
        requests.request(verb, server.address + path, timeout=5)
        host = server.address.partition("://")[2]
    assert heard.by_host[host] == {name: 1}


def test_a_program_is_counted(heard: Requests) -> None:
    before = heard.by_host[PROGRAMS]["true"]
    subprocess.run(["true"], check=True)
    assert heard.by_host[PROGRAMS]["true"] == before + 1


def test_it_is_erp_build_with_its_exit_code_and_leaves_what_it_sent(tmp_path: Path) -> None:
    file = tmp_path / "sent.json"
    words = [sys.executable, "-m", "bench.counted_program", str(file), "plan", "--repo", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert set(json.loads(file.read_text(encoding="utf-8"))) <= {PROGRAMS}
