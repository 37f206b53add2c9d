"""`record` writes a case once; what was corrected in it is the user's."""

import json

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout

CASE = "tests/cases/diffs/notification.json"


@pytest.fixture
def recorded(erp: Checkout, erp_build: CommandLine) -> Checkout:
    """A repository with a case of its last commit."""
    erp.commit({"backend/notification-service/new": "x"})
    assert erp_build("record", "HEAD~1..HEAD", "--repo", erp.root, "--out", erp.root / CASE).code == 0
    return erp


def test_a_corrected_case_is_not_overwritten(recorded: Checkout, erp_build: CommandLine) -> None:
    path = recorded.root / CASE
    case = json.loads(path.read_text(encoding="utf-8"))
    assert case["targets"] == ["notification-service"]
    corrected = json.dumps(case | {"targets": ["notification-service", "employee-service"]})
    path.write_text(corrected, encoding="utf-8")
    answer = erp_build("record", "HEAD~1..HEAD", "--repo", recorded.root, "--out", path)
    assert (answer.code, answer.out) == (2, "")
    assert "the case is there already, and is left as it is" in answer.err
    assert f"where: {path}" in answer.err
    assert "--out" in answer.err
    assert path.read_text(encoding="utf-8") == corrected


def test_the_same_case_may_be_recorded_again(recorded: Checkout, erp_build: CommandLine) -> None:
    before = (recorded.root / CASE).read_bytes()
    answer = erp_build("record", "HEAD~1..HEAD", "--repo", recorded.root, "--out", recorded.root / CASE)
    assert (answer.code, answer.out) == (0, f"{recorded.root / CASE}\n")
    assert (recorded.root / CASE).read_bytes() == before


def test_a_folder_in_the_place_of_the_case_is_told(erp: Checkout, erp_build: CommandLine) -> None:
    (erp.root / CASE).mkdir(parents=True)
    answer = erp_build("record", "HEAD..HEAD", "--repo", erp.root, "--out", erp.root / CASE)
    assert answer.code == 2
    assert "Is a directory" in answer.err
