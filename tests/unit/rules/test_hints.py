"""What to do about a message, and what a misspelled word means: every caller is held to the tables of cases.

They are `tests/cases/first_hint.json` and `tests/cases/did_you_mean.json`.
"""

from typing import Any

import pytest
from botocore.loaders import Loader

from erp_build.cli.verbs.doctor import _refuse_unknown
from erp_build.cli.verbs.explain import _hint
from erp_build.clients.docker.events import hint_of
from erp_build.config.toml_table import Table
from erp_build.deployment.lambda_update import _not_live
from erp_build.errors import ConfigurationError, did_you_mean, nearest
from erp_build.formats.messages.helm_message import next_step
from erp_build.formats.messages.lambda_message import after_update, read_refusal
from erp_build.model.project import Project, Service
from erp_build.model.releases.lambda_function import FunctionState
from tests.support.cases import rows, table

WORDS = pytest.mark.parametrize("case", table("did_you_mean"))


def messages(caller: str) -> pytest.MarkDecorator:
    """The cases of one caller."""
    found = [case for case in rows("first_hint") if case["of"] == caller]
    return pytest.mark.parametrize("case", found, ids=[case["message"] for case in found])


@messages("helm")
def test_a_message_of_helm_has_a_next_step(case: dict[str, Any]) -> None:
    assert case["hint"] in next_step(case["message"])


@messages("build")
def test_a_message_of_a_build_has_a_next_step(case: dict[str, Any]) -> None:
    assert case["hint"] in hint_of(case["message"], "as it was given", pushing=False)


@messages("push")
def test_a_message_of_a_push_has_a_next_step(case: dict[str, Any]) -> None:
    assert case["hint"] in hint_of(case["message"], "as it was given", pushing=True)


@messages("lambda")
def test_a_reason_of_lambda_has_a_next_step(case: dict[str, Any]) -> None:
    state = FunctionState(name="employee", package_type="Image", reason=case["message"])
    assert case["hint"] in _not_live("employee", state).next_step


@messages("refused")
def test_a_refusal_of_lambda_has_a_next_step(case: dict[str, Any]) -> None:
    found = read_refusal(case["message"])
    assert bool(found) == bool(case["hint"])
    assert case["hint"] in (found.next_step if found else "")


@pytest.mark.parametrize("shape", ["LastUpdateStatusReasonCode", "StateReasonCode"])
def test_every_code_that_the_sdk_knows_has_a_next_step_of_its_own(shape: str) -> None:
    codes = Loader().load_service_model("lambda", "service-2")["shapes"][shape]["enum"]
    assert [code for code in codes if after_update(f"{code}: x") == after_update("nothing: x")] == []


@WORDS
def test_the_rule_itself(case: dict[str, Any]) -> None:
    assert nearest(case["word"], case["known"]) == case["meant"]
    question = f"did you mean `{case['meant']}`?" if case["meant"] else "none"
    assert did_you_mean(case["word"], case["known"], "none") == question


@WORDS
def test_doctor_asks_which_check_was_meant(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="there is no check") as caught:
        _refuse_unknown([case["word"]], set(case["known"]))
    assert (f"did you mean `{case['meant']}`?" == caught.value.next_step) == bool(case["meant"])


@WORDS
def test_explain_asks_which_directory_was_meant(case: dict[str, Any]) -> None:
    known = case["known"]
    services = tuple(Service(name=name, path=f"backend/{name}", repository="r", values_key="k") for name in known)
    expected = f"; did you mean `backend/{case['meant']}`?" if case["meant"] else ""
    assert _hint(Project(services=services), f"{case['word']}/pom.xml") == expected


@WORDS
def test_the_configuration_asks_which_key_was_meant(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Table({case["word"]: 1}, "[x]", "", "erp-build.toml").only(*case["known"])
    assert (f"did you mean `{case['meant']}`?" in f"{caught.value.next_step}") == bool(case["meant"])
