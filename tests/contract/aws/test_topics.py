"""A message that is sent is read back through a subscription (moto), and each refusal names the action."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from erp_build.clients.aws.monitoring import SnsTopics
from erp_build.clients.effects import NotifyRequest
from erp_build.errors import ConfigurationError, OutOfReach
from erp_build.gate.filter import Waivers
from erp_build.gate.result import GateRules, Judged, Judgement
from erp_build.gate.running import JudgedReleases
from erp_build.model.environment import Place
from erp_build.model.images.finding import Finding
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.verdict import Verdict
from erp_build.model.project import GatePolicy
from erp_build.report.text.running import RunningNews
from tests.contract.aws.conftest import REGION, client, stubbed

ACCOUNT = "123456789012"
REQUEST = NotifyRequest(
    topic="erp-dev-alarms",
    account=ACCOUNT,
    region=REGION,
    subject="erp dev: FAILED: 1 image over the policy (exit code 6)",
    text="왜: 1 CRITICAL\n",
    chat='{"version": "1.0"}',
)


def subscribed(topic: str) -> Any:
    """A queue that hears what the topic says."""
    sns, sqs = client("sns"), client("sqs")
    sns.create_topic(Name=topic)
    queue = sqs.create_queue(QueueName="phone")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}", Protocol="sqs", Endpoint=arn)
    return queue


def topics(made: Any = None) -> SnsTopics:
    return SnsTopics(made or client("sns"), lambda _: "aws")


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("topic", ["erp-dev-alarms", f"arn:aws:sns:{REGION}:{ACCOUNT}:erp-dev-alarms"])
def test_a_topic_is_found_by_its_name_or_arn_and_says_the_text_to_who_is_no_chat(topic: str) -> None:
    queue = subscribed("erp-dev-alarms")
    topics().publish(NotifyRequest(**{**_fields(), "topic": topic}))
    (found,) = client("sqs").receive_message(QueueUrl=queue)["Messages"]
    heard = json.loads(found["Body"])
    assert (heard["Subject"], heard["Message"]) == (REQUEST.subject, REQUEST.text)


def test_an_https_subscriber_gets_the_text_of_a_chat() -> None:
    made, stub = stubbed("sns")
    message = json.dumps({"default": REQUEST.text, "https": REQUEST.chat}, ensure_ascii=False)
    expected = {
        "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:erp-dev-alarms",
        "Subject": REQUEST.subject,
        "MessageStructure": "json",
        "Message": message,
    }
    stub.add_response("publish", {"MessageId": "1"}, expected)
    topics(made).publish(REQUEST)
    stub.assert_no_pending_responses()


def test_a_topic_of_another_partition_has_its_name_in_the_arn() -> None:
    made, stub = stubbed("sns")
    stub.add_client_error("publish", "NotFound")
    with pytest.raises(ConfigurationError) as caught:
        SnsTopics(made, lambda region: {REGION: "aws-cn"}[region]).publish(REQUEST)
    assert caught.value.where == f"arn:aws-cn:sns:{REGION}:{ACCOUNT}:erp-dev-alarms"


@pytest.mark.parametrize("code", ["AuthorizationError", "AccessDenied"])
def test_a_role_that_may_not_publish_is_told_the_action(code: str) -> None:
    made, stub = stubbed("sns")
    stub.add_client_error("publish", code)
    with pytest.raises(ConfigurationError, match="sns:Publish is not allowed") as caught:
        topics(made).publish(REQUEST)
    assert "add sns:Publish" in caught.value.next_step


@pytest.mark.usefixtures("account")
def test_a_topic_that_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        topics().publish(REQUEST)
    assert caught.value.where.endswith(":erp-dev-alarms")


def _fields() -> dict[str, str]:
    return {name: getattr(REQUEST, name) for name in ("topic", "account", "region", "subject", "text", "chat")}


def test_the_longest_message_of_a_check_is_one_that_sns_takes() -> None:
    findings = tuple(
        Finding(name=f"CVE-2026-{number:05}", severity="CRITICAL", packages=("openssl", "a" * 200), fixable=True)
        for number in range(2000)
    )
    verdict = Verdict(outcome="blocked", why="2000 CRITICAL found \N{SNOWMAN}", blocking=findings)
    images = (
        BuiltImage(
            target=f"service-{number}",
            repository=f"erp/service-{number}",
            tag="",
            digest="sha256:" + "1" * 64,
            commit=None,
            origin="running",
        )
        for number in range(200)
    )
    rows = tuple(Judged(image, verdict) for image in images)
    # A cluster that does not answer keeps every release in it from being judged.
    away = OutOfReach("the cluster cannot be reached", where="erp-dev", why="connection refused " * 200)
    undone = tuple((f"release-{number}", away) for number in range(400))
    judged = JudgedReleases(Judgement(rules=GateRules(policy=GatePolicy(), waivers=Waivers()), rows=rows), undone)
    place = Place(project="erp", environment="dev", account=ACCOUNT, region=REGION, cluster="erp-dev")
    message = RunningNews(judged, None, place, datetime.now(UTC)).message(str)
    request = NotifyRequest(topic="t", account=ACCOUNT, region=REGION, **message._asdict())
    made, stub = stubbed("sns")
    stub.add_response("publish", {"MessageId": "1"})
    topics(made).publish(request)
    stub.assert_no_pending_responses()
    body = json.dumps({"default": request.text, "https": request.chat}, ensure_ascii=False).encode()
    assert len(body) <= 256 * 1024
    assert request.subject.isascii()
    assert len(request.subject) < 100
    assert "... and 160 more images" in request.text
    assert "... and 380 more" in request.text
