"""The table of statuses: every row is walked, and every status of the API's model has one."""

from typing import Any

import botocore.session
import pytest

from erp_build.gate.scans import read_scan
from erp_build.gate.verdict import judge
from erp_build.model.images.scan import STATES, UNKNOWN_STATE, ScanReading, ScanState
from erp_build.model.images.verdict import Verdict, Wait
from erp_build.model.project import GatePolicy

EXPECTED = {
    "PENDING": "wait",
    "IN_PROGRESS": "wait",
    "FINDINGS_UNAVAILABLE": "wait",
    "COMPLETE": "passed",
    "ACTIVE": "wait",
    "FAILED": "inconclusive",
    "UNSUPPORTED_IMAGE": "inconclusive",
    "SCAN_ELIGIBILITY_EXPIRED": "inconclusive",
    "LIMIT_EXCEEDED": "inconclusive",
    "IMAGE_ARCHIVED": "inconclusive",
    "IMAGE_SIZE_EXCEEDED": "inconclusive",
}
"""What a first reading without findings leads to; an ACTIVE scan is read again."""


def clean(status: str) -> ScanReading:
    findings = {"imageScanCompletedAt": 1_795_136_400, "findingSeverityCounts": {}, "findings": []}
    return read_scan([{"imageScanStatus": {"status": status}, "imageScanFindings": findings}])


def test_every_status_of_the_model_has_a_row() -> None:
    shape: Any = botocore.session.get_session().get_service_model("ecr").shape_for("ScanStatus")
    assert set(shape.enum) <= set(STATES)
    assert set(STATES) == set(EXPECTED)


@pytest.mark.parametrize("state", STATES.values(), ids=list(STATES))
def test_a_row_leads_to_its_outcome(state: ScanState) -> None:
    answer = judge(clean(state.status), GatePolicy())
    assert ("wait" if isinstance(answer, Wait) else answer.outcome) == EXPECTED[state.status]


@pytest.mark.parametrize("state", STATES.values(), ids=list(STATES))
def test_a_row_says_what_it_means_and_what_to_do(state: ScanState) -> None:
    assert state.meaning
    assert state.next_step
    assert state.answer in ("wait", "read", "stop")


@pytest.mark.parametrize("state", [state for state in STATES.values() if state.answer == "stop"])
def test_a_status_that_stops_says_so_with_the_words_of_the_registry(state: ScanState) -> None:
    answer = judge(ScanReading(status=state.status, description="the registry's words"), GatePolicy())
    assert isinstance(answer, Verdict)
    assert answer.why == f"{state.status} (the registry's words): {state.meaning}"
    assert answer.next_step == state.next_step


@pytest.mark.parametrize("status", ["SOMETHING_OF_NEXT_YEAR", "complete", "Complete ", "", "None"])
def test_a_status_that_is_not_in_the_table_stops(status: str) -> None:
    answer = judge(clean(status), GatePolicy())
    assert isinstance(answer, Verdict)
    assert answer.outcome == "inconclusive"
    assert answer.why == f"{status or 'no status'}: {UNKNOWN_STATE.meaning}"


@pytest.mark.parametrize("state", [state for state in STATES.values() if state.answer == "wait"])
def test_a_finding_of_a_scan_that_is_not_done_is_no_verdict_yet(state: ScanState) -> None:
    assert isinstance(judge(ScanReading(status=state.status, counts={"CRITICAL": 1}), GatePolicy()), Wait)
