"""The text of a policy is read, or it is said why not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.lifecycle.policy import read_policy
from erp_build.model.images.lifecycle import LifecycleRule
from tests.support.lifecycle import keeps, policy_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["rules", "selection", "action", "tagStatus", "rulePriority"]), inner)
    ),
    max_leaves=12,
)


def test_a_rule_says_what_it_says_in_the_policys_own_words() -> None:
    policy = read_policy(policy_text(keeps(3, 2, "v", "prod")))
    assert policy.rules == (LifecycleRule(2, "tagged", ("v*", "prod*"), "imageCountMoreThan", 3),)
    assert str(policy.rules[0]) == "rule 2 (tagged v* prod*, imageCountMoreThan 3)"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"rules": 1}', '{"rules": [1]}', "[" * 100_000, "{}"])
def test_a_text_that_is_no_policy_is_a_doubt(text: str) -> None:
    policy = read_policy(text)
    assert policy.rules == ()
    assert policy.doubt.startswith("its text cannot be read: ")


@pytest.mark.parametrize("key", ["rulePriority", "selection"])
def test_a_rule_without_what_every_rule_has_is_a_doubt(key: str) -> None:
    rule = keeps(3)
    del rule[key]
    assert key in read_policy(policy_text(rule)).doubt


@given(JSON)
def test_no_json_ends_the_reading(document: Any) -> None:
    policy = read_policy(json.dumps({"rules": [document]}))
    assert policy.doubt or len(policy.rules) <= 1
