"""A healthy ERP for each test."""

from typing import TYPE_CHECKING

import pytest

from tests.fakes.clinic import Clinic

if TYPE_CHECKING:
    from tests.fakes.world import FakeWorld


@pytest.fixture
def clinic(world: "FakeWorld") -> Clinic:
    """Everything is well."""
    return Clinic(world)
