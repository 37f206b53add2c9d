"""What people hear of a run that fails and of the one that mends it, through a subscription of the topic."""

import json
from typing import Any
from uuid import uuid4

import pytest

from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.aws.fault_proxy.client import Faults
from sandbox.demo.acts import CRITICAL
from sandbox.endpoints import ACCOUNT, REGION
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

BUILD = "erp-unified-build:0f1e2d3c"
CODEBUILD = {
    "CODEBUILD_BUILD_ID": BUILD,
    "CODEBUILD_BUILD_ARN": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/{BUILD}",
}


class Phone:
    """A queue of its own that has subscribed to a topic."""

    def __init__(self, topic: str) -> None:
        self._sqs = client("sqs")
        self._queue = self._sqs.create_queue(QueueName=f"{topic}-{uuid4().hex[:8]}")["QueueUrl"]
        wanted = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
        client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=wanted["Attributes"]["QueueArn"])

    def heard(self) -> list[dict[str, Any]]:
        """The messages since the last look."""
        found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=2)
        for message in found.get("Messages", ()):
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found.get("Messages", ())]


def test_a_failure_and_its_recovery_are_heard_and_a_silent_topic_changes_no_exit_code(erp: Erp) -> None:
    phone = Phone(erp.tenant.topic)
    env = {**erp_build_process.environment(), **CODEBUILD}
    commit = erp.new_content("employee-service")
    Faults().scans(f"{erp.tenant.name}/employee-service-lambda", [CRITICAL])

    silent = erp.run(env=env, config=f'{erp.config}\n[notify]\ntopic = "nowhere"\n')
    assert silent.code == 6, silent.stderr
    assert "nobody is notified: sns:Publish failed" in silent.stderr
    assert silent.report["effects"][-1] == {"name": "notify", "target": "nowhere", "state": "failed"}
    assert phone.heard() == []

    failed = erp.run(env=env)
    assert failed.code == 6, failed.stderr
    (message,) = phone.heard()
    project = erp.tenant.name
    assert message["Subject"] == f"{project} dev: FAILED: 1 of 1 images over the policy (exit code 6)"
    for part in ("Why: ", "CVE-2021-44228", "Next: ", "nothing was deployed", commit, "/codesuite/codebuild/"):
        assert part in message["Message"]
    assert failed.report["effects"][-1]["state"] == "performed"
    assert failed.report["build"]["id"] == BUILD

    Faults().clear()
    mended = erp.run(env=env)
    assert mended.code == 0, mended.stderr
    (message,) = phone.heard()
    assert message["Subject"] == f"{project} dev: RECOVERED: {commit[:7]} runs (employee-service)"
    assert mended.report["recovers"] is True
