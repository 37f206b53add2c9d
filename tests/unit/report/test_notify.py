"""Who is told of which end of a run, and that telling changes nothing of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from erp_build.errors import ConfigurationError, ErpBuildError, Interrupted
from erp_build.model.project import NotifyPolicy
from erp_build.report.notify import MAX_PLAN_CHARACTERS, notify
from erp_build.run_record import Occasion, RunReport
from tests.fakes.account import ACCOUNT, REGION
from tests.fakes.registry import scan
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION
from tests.support.saved_plans import saved_by

DEFAULT = NotifyPolicy()
EVERYTHING = NotifyPolicy(on=("failure", "recovery", "success"))
TOPIC = "erp-dev-alarms"


def tell(world: FakeWorld, policy: NotifyPolicy = DEFAULT) -> list[str]:
    """The words of the subjects that are sent of the last run."""
    world.effects.messages.clear()
    notify(world.clients(), policy, world.report)
    return [message.subject.split(":")[1].strip() for message in world.effects.messages]


def fail(world: FakeWorld) -> None:
    world.change(NOTIFICATION, text="bad")
    world.registry.answers(f"erp/{NOTIFICATION}", scan(CRITICAL=1))
    with pytest.raises(ErpBuildError, match="1 of 1 images over the policy"):
        world.run()
    world.registry.answers(f"erp/{NOTIFICATION}", scan())


def deploy(world: FakeWorld, text: str = "good") -> None:
    world.change(NOTIFICATION, text=text)
    world.run()


def test_a_failure_is_told_to_the_topic_of_the_alarms(world: FakeWorld) -> None:
    fail(world)
    assert tell(world) == ["FAILED"]
    (message,) = world.effects.messages
    assert (message.topic, message.account, message.region) == (TOPIC, ACCOUNT, REGION)
    assert "exit code 6" in message.subject
    assert world.done()[-1] == f"notify {TOPIC}"


def test_the_first_deployment_after_a_failure_is_a_recovery_and_the_next_one_is_not(world: FakeWorld) -> None:
    fail(world)
    fail(world)
    deploy(world)
    assert tell(world) == ["RECOVERED"]
    deploy(world, "better")
    assert tell(world) == []
    assert tell(world, EVERYTHING) == ["deployed"]


def test_a_run_that_was_killed_is_recovered_from_too(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.leases.is_held(alive=False)
    world.run()
    assert tell(world) == ["RECOVERED"]


def test_a_recovery_that_nobody_asked_for_is_told_as_a_success_if_that_was(world: FakeWorld) -> None:
    fail(world)
    deploy(world)
    assert tell(world, NotifyPolicy(on=("failure", "success"))) == ["deployed"]
    assert tell(world, NotifyPolicy(on=("failure",))) == []


def test_a_plan_that_waits_is_told_with_all_of_it_and_the_address_of_its_build(
    world: FakeWorld, tmp_path: Path
) -> None:
    world.change(NOTIFICATION)
    saved = saved_by(world, tmp_path)
    occasion = Occasion(build="erp:7", link="https://console.example/build/erp:7")
    world.report = replace(world.report, saved=saved, occasion=occasion)
    assert tell(world) == ["WAITS FOR APPROVAL"]
    (message,) = world.effects.messages
    assert f"{saved.plan.head[:7]} ({NOTIFICATION} build)" in message.subject
    assert f"saved plan: {saved.digest}" in message.text
    assert "build: https://console.example/build/erp:7" in message.text
    assert f"| {NOTIFICATION} | build | `" in message.text
    assert "[The build](<https://console.example/build/erp:7>)" in message.text
    assert tell(world, NotifyPolicy(on=("failure", "recovery", "success"))) == []


def test_a_plan_that_is_too_long_for_a_message_ends_with_a_whole_line(world: FakeWorld, tmp_path: Path) -> None:
    world.change(NOTIFICATION)
    saved_by(world, tmp_path)
    assert world.report.plan
    warnings = tuple(f"warning {number}" for number in range(MAX_PLAN_CHARACTERS))
    world.report = replace(world.report, plan=world.report.plan._replace(warnings=warnings))
    tell(world)
    (message,) = world.effects.messages
    assert message.text.endswith("\n... (the rest is in the report)\n")
    assert len(message.text) < 2 * MAX_PLAN_CHARACTERS


def test_nothing_to_do_is_told_to_nobody(world: FakeWorld) -> None:
    world.run()
    assert tell(world, EVERYTHING) == []


def test_what_is_switched_off_is_told_to_nobody(world: FakeWorld) -> None:
    fail(world)
    assert tell(world, NotifyPolicy(on=())) == []


@pytest.mark.parametrize(("number", "name", "told"), [(15, "SIGTERM", ["FAILED"]), (2, "SIGINT", [])])
def test_an_end_from_outside_is_told_and_one_at_the_keyboard_is_not(
    number: int, name: str, told: list[str], world: FakeWorld
) -> None:
    world.run()
    world.report = replace(world.report, error=Interrupted(number, name))
    assert tell(world) == told


def test_a_rehearsal_that_fails_tells_nobody_and_notes_that_the_run_would(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.assembly.missing = "Docker"
    with pytest.raises(ErpBuildError, match="there is no Docker"):
        world.rehearse()
    notify(world.rehearsal(), DEFAULT, world.report)
    assert world.effects.messages == []
    last = world.effects.journal.effects[-1]
    assert (last.name, last.target, last.state) == ("notify", TOPIC, "assumed")


def test_a_message_that_cannot_be_sent_is_said_and_noted_and_no_error(world: FakeWorld) -> None:
    fail(world)
    error = world.report.error
    world.effects.failures["notify", TOPIC] = ConfigurationError(
        "sns:Publish is not allowed", where=f"arn:aws:sns:{REGION}:{ACCOUNT}:{TOPIC}"
    )
    assert tell(world) == []
    assert world.report.error is error
    assert world.effects.journal.effects[-1].state == "failed"
    assert any("nobody is notified: sns:Publish is not allowed" in line for line in world.progress.lines)


def test_a_run_that_does_not_know_its_account_says_so(world: FakeWorld) -> None:
    world.report = RunReport(error=ErpBuildError("no account"))
    assert tell(world) == []
    assert "nobody is notified" in world.progress.lines[-1]
    assert tell(world, NotifyPolicy(topic="alarms")) == []


def test_with_an_arn_a_run_tells_even_that_it_does_not_know_its_account(world: FakeWorld) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    world.report = RunReport(error=ErpBuildError("no account"))
    assert tell(world, NotifyPolicy(topic=arn)) == ["FAILED"]
    assert world.effects.messages[0].topic == arn


def test_no_secret_is_told(world: FakeWorld) -> None:
    world.secrets.add("p<w&d-invented")
    world.run()
    world.report = replace(
        world.report, error=ErpBuildError("sign-in with p<w&d-invented failed", why="p<w&d-invented")
    )
    tell(world)
    everything = "".join(
        map(str, (world.effects.messages[0].subject, world.effects.messages[0].text, world.effects.messages[0].chat))
    )
    assert "invented" not in everything
    assert "sign-in with *** failed" in everything
