"""The `[notify]` table."""

import pytest

from erp_build.cli.fast_path.compiled_project import ProjectIndex, compile_project
from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.project import NotifyPolicy


def policy(text: str) -> NotifyPolicy:
    project = parse_project(f"[notify]\n{text}\n")
    assert ProjectIndex(compile_project(project)).project().notify == project.notify
    return project.notify


def test_without_a_table_failures_recoveries_and_waiting_plans_are_told_to_the_topic_of_the_alarms() -> None:
    assert parse_project("").notify == policy("") == NotifyPolicy(topic="", on=("failure", "recovery", "approval"))


@pytest.mark.parametrize("topic", ["erp-dev-alarms", "arn:aws:sns:ap-northeast-2:123456789012:erp-dev-alarms"])
def test_a_topic_has_a_name_or_an_arn(topic: str) -> None:
    assert policy(f'topic = "{topic}"\non = ["success"]') == NotifyPolicy(topic=topic, on=("success",))


def test_nobody_may_be_told() -> None:
    assert policy("on = []").on == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('topic = "alarms.fifo"', "`topic` cannot be `alarms.fifo`"),
        ('topic = "arn:aws:sqs:ap-northeast-2:123456789012:q"', "`topic` cannot be"),
        ('topic = "a b"', "`topic` cannot be `a b`"),
        ('on = ["failed"]', "`on` cannot be `failed`"),
        ('on = "failure"', "`on` must be a list of texts"),
        ('topics = "x"', "unknown key `topics`"),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, error: str) -> None:
    with pytest.raises(ConfigurationError, match=error) as caught:
        policy(text)
    assert caught.value.where == "erp-build.toml:2"
    assert caught.value.next_step
