"""The fake registry answers as a registry does; the sandbox's passes the same (`tests/world/test_registry_api.py`)."""

from pathlib import Path

import pytest

from tests.fakes.oci_registry import FakeRegistry
from tests.support.images import registry_at
from tests.support.registry_contract import CONTRACT, Place


@pytest.mark.parametrize("number", range(len(CONTRACT)), ids=[one.__name__ for one in CONTRACT])
@pytest.mark.parametrize("lists_referrers", [True, False], ids=["a list", "no list"])
def test_a_registry_answers_so(fake: FakeRegistry, tmp_path: Path, number: int, *, lists_referrers: bool) -> None:
    fake.lists_referrers, fake.immutable, fake.missing = lists_referrers, {"c"}, {"d"}
    CONTRACT[number](Place(registry_at(fake), registry_at(fake), "a", "b", "c", "d", tmp_path))
