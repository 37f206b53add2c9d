"""What to do about a pull that is refused; the messages are `tests/cases/refused_pulls.json`."""

from typing import Any

import pytest

from erp_build.clients.docker.events import hint_of, read_build, read_pull
from erp_build.errors import BuildFailed
from erp_build.formats.messages import catalogue
from erp_build.formats.pull_refusal import pull_hint
from tests.support.cases import rows, table


@pytest.mark.parametrize("case", table("refused_pulls"))
def test_a_message_has_a_next_step_of_its_registry(case: dict[str, Any]) -> None:
    found = pull_hint(case["message"], case["image"])
    assert [part for part in case["hint"] if part not in found] == []
    assert "{" not in found.replace('{"', "")
    assert bool(found) == bool(case["hint"][0])


@pytest.mark.parametrize("case", [row for row in table("refused_pulls") if row.values[0]["hint"][0]])
def test_a_build_and_a_pull_that_end_with_it_say_so(case: dict[str, Any]) -> None:
    hint = pull_hint(case["message"], case["image"])
    assert hint_of(case["message"], "nothing", pushing=False, image=case["image"]) == hint
    with pytest.raises(BuildFailed) as caught:
        read_pull([{"error": case["message"]}], where=case["image"] or "a:1", on_line=lambda _: None)
    assert caught.value.next_step not in ("", "check the reference after FROM")
    with pytest.raises(BuildFailed) as caught:
        read_build([{"error": case["message"]}], where="a/Dockerfile", on_line=lambda _: None)
    assert caught.value.next_step == pull_hint(case["message"])


def test_every_sign_of_a_cause_has_a_case() -> None:
    messages = [row["message"].lower() for row in rows("refused_pulls")]
    for name, cause in catalogue("pull").items():
        assert any(sign in message for sign in cause["signs"] for message in messages), name


def test_a_sign_is_in_small_letters_and_every_cause_has_an_answer_for_any_registry() -> None:
    for cause in catalogue("pull").values():
        assert all(sign == sign.lower() for sign in cause["signs"])
        assert {"signs", "other"} <= set(cause) <= {"signs", "other", "hub", "public", "ecr"}
        assert all("{" not in text.format(host="h") for name, text in cause.items() if name != "signs")
