"""AWS's refusals, read: which action, on what, to whom, and what to add."""

import json

import pytest

from erp_build.formats.access_denied import next_step, read_denial, refused

ROLE = "arn:aws:sts::123456789012:assumed-role/erp-dev-codebuild-role/AWSCodeBuild-1f2e"
REPOSITORY = "arn:aws:ecr:ap-northeast-2:123456789012:repository/erp/notification-service"
SENTENCE = (
    f"User: {ROLE} is not authorized to perform: ecr:PutImage on resource: {REPOSITORY} because no identity-based "
    "policy allows the ecr:PutImage action"
)


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        f"AccessDeniedException: {SENTENCE}",
        f"denied: {SENTENCE}",
        json.dumps({"errors": [{"code": "DENIED", "message": SENTENCE}]}),
    ],
)
def test_the_action_the_resource_and_the_role_are_read_wherever_the_sentence_stands(text: str) -> None:
    denial = read_denial(text)
    assert denial is not None
    assert (denial.action, denial.resource, denial.role) == ("ecr:PutImage", REPOSITORY, "erp-dev-codebuild-role")
    assert not denial.explicit


def test_the_next_step_is_the_statement_to_add_and_what_it_is_for() -> None:
    step = next_step(SENTENCE, "ecr:PutImage")
    assert step.startswith("add to the policy of role erp-dev-codebuild-role: ")
    statement = json.loads(step[step.index("{") : step.index("}") + 1])
    assert statement == {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": REPOSITORY}
    assert "a re-tag" in step


def test_an_action_that_was_asked_behind_another_one_is_the_one_that_is_named() -> None:
    text = f"User: {ROLE} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:x:1:key/1"
    assert refused(text, "ssm:GetParameters") == "kms:Decrypt"
    assert '"Action": "kms:Decrypt"' in next_step(text, "ssm:GetParameters")


def test_an_explicit_deny_is_not_answered_by_another_allow() -> None:
    text = SENTENCE.replace("because no identity-based policy allows the ecr:PutImage action", "with an explicit deny")
    denial = read_denial(text)
    assert denial is not None
    assert denial.explicit
    assert denial.next_step.startswith(f"take away the Deny of ecr:PutImage on {REPOSITORY}")


def test_a_user_is_named_by_its_arn() -> None:
    text = "User: arn:aws:iam::123456789012:user/kim is not authorized to perform: lambda:GetFunction on resource: x"
    assert next_step(text, "?").startswith("add to the policy of arn:aws:iam::123456789012:user/kim: ")


def test_a_refusal_that_does_not_say_to_whom_and_on_what_still_gives_a_statement() -> None:
    denial = read_denial("User is not authorized to perform: cloudwatch:DescribeAlarms")
    assert denial is not None
    assert (denial.role, denial.resource) == ("", "*")
    assert denial.next_step.startswith("add to the role's policy: ")


def test_without_the_sentence_the_action_that_was_called_is_named() -> None:
    assert read_denial("Access Denied") is None
    assert refused("Access Denied", "ssm:GetParameters") == "ssm:GetParameters"
    assert next_step("Access Denied", "ssm:GetParameters") == "add ssm:GetParameters to the role's policy"
