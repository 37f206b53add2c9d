"""What a registry promises of scans: the real tool over moto and the fake of the stage tests.

moto's scans are complete at once, always with the same finding, and none is made on push: a scan on its way, pages and
further errors are recorded cases (tests/cases/gate).
"""

from datetime import timedelta
from typing import Any, Protocol

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.patience import Patience, patient
from erp_build.clients.protocols import Registry
from erp_build.clients.secrets import Secrets
from erp_build.errors import GateInconclusive
from erp_build.gate.scans import NoReading, read_scan
from erp_build.model.images.scan import ScanReading
from tests.contract.aws.conftest import client, store_image, stubbed
from tests.fakes.registry import FakeRegistry, scan

REPOSITORY = "erp/notification-service"


class ScanningRegistry(Registry, Protocol):
    """A registry that can be asked for a scan."""

    def start_scan(self, repository: str, digest: str) -> bool:
        """Ask for a scan."""


Made = tuple[ScanningRegistry, str]


def over_moto() -> Made:
    digest = store_image(REPOSITORY, "abc1234")
    return EcrRegistry(client("ecr"), Secrets()), digest


def in_memory() -> Made:
    registry = FakeRegistry([REPOSITORY])
    registry.scans_nothing_by_itself(REPOSITORY)
    registry.answers(REPOSITORY, scan("IN_PROGRESS"), scan(HIGH=1))
    return registry, registry.push(REPOSITORY, "abc1234", "a" * 40)


@pytest.fixture(params=[over_moto, in_memory], ids=["moto", "fake"])
def registry(request: pytest.FixtureRequest) -> Made:
    request.getfixturevalue("account")
    made: Made = request.param()
    return made


def look(registry: Made) -> ScanReading:
    tool, digest = registry
    return read_scan([tool.scan_page(REPOSITORY, digest, None)])


def test_an_image_that_nobody_scanned_is_an_error_by_value(registry: Made) -> None:
    tool, digest = registry
    page = tool.scan_page(REPOSITORY, digest, None)
    assert page["Error"]["Code"] == "ScanNotFoundException"
    assert page["Error"]["Message"]
    assert page["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_scan_that_was_asked_for_is_complete_after_some_looks_and_stays_so(registry: Made) -> None:
    tool, digest = registry
    tool.start_scan(REPOSITORY, digest)
    statuses = [look(registry).status for _ in range(3)]
    assert statuses[-2:] == ["COMPLETE", "COMPLETE"]


def test_a_complete_scan_says_when_and_counts_what_it_lists(registry: Made) -> None:
    tool, digest = registry
    tool.start_scan(REPOSITORY, digest)
    look(registry)
    reading = look(registry)
    assert reading.completed
    assert reading.counts == {"HIGH": 1}
    assert [finding.severity for finding in reading.findings] == ["HIGH"]
    assert reading.scanner == "basic"


def test_an_answer_names_the_image_that_it_is_about(registry: Made) -> None:
    tool, digest = registry
    tool.start_scan(REPOSITORY, digest)
    assert look(registry).digest == digest


def test_a_push_has_a_time_that_is_not_after_its_scan(registry: Made) -> None:
    tool, digest = registry
    pushed = tool.pushed_at(REPOSITORY, digest)
    assert pushed.tzinfo
    tool.start_scan(REPOSITORY, digest)
    look(registry)
    completed = look(registry).completed
    assert completed
    assert pushed <= completed + timedelta(seconds=1)


def test_a_registry_that_scans_by_hand_says_so(registry: Made) -> None:
    tool, _ = registry
    scanning = tool.scanning(REPOSITORY)
    assert (scanning.frequency, scanning.enhanced, scanning.startable) == ("MANUAL", False, True)
    assert not scanning.doubt


CONFIGURED: dict[str, Any] = {"scanningConfigurations": [{"scanFrequency": "CONTINUOUS_SCAN"}]}


@pytest.mark.parametrize(("kind", "enhanced"), [("ENHANCED", True), ("BASIC", False)])
def test_how_a_registry_scans_is_asked_in_two_calls(kind: str, enhanced: object) -> None:
    ecr, stub = stubbed("ecr")
    stub.add_response("batch_get_repository_scanning_configuration", CONFIGURED, {"repositoryNames": [REPOSITORY]})
    stub.add_response("get_registry_scanning_configuration", {"scanningConfiguration": {"scanType": kind}})
    scanning = EcrRegistry(ecr, Secrets()).scanning(REPOSITORY)
    assert (scanning.frequency, scanning.enhanced, scanning.startable) == ("CONTINUOUS_SCAN", enhanced, False)


def test_what_may_not_be_asked_is_not_known_and_said() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("batch_get_repository_scanning_configuration", "AccessDeniedException")
    scanning = EcrRegistry(ecr, Secrets()).scanning(REPOSITORY)
    assert (scanning.frequency, scanning.enhanced, scanning.startable) == ("", None, True)
    assert "ecr:BatchGetRepositoryScanningConfiguration" in scanning.doubt
    assert "AccessDeniedException" in scanning.doubt


def test_a_registry_that_does_not_say_when_an_image_was_pushed_clears_nothing() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_response("describe_images", {"imageDetails": []})
    with pytest.raises(GateInconclusive, match="does not say when"):
        EcrRegistry(ecr, Secrets()).pushed_at(REPOSITORY, "sha256:" + "1" * 64)


def test_who_may_not_ask_when_an_image_was_pushed_learns_which_action_it_needs() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("describe_images", "AccessDeniedException")
    with pytest.raises(GateInconclusive, match="ecr:DescribeImages is not allowed"):
        EcrRegistry(ecr, Secrets()).pushed_at(REPOSITORY, "sha256:" + "1" * 64)


FOREIGN = (b"[]", b"null", b'"x"', b'{"imageScanStatus": "x"}', b'{"imageScanFindings": {"findings": ["a"]}}')


@pytest.mark.parametrize("body", FOREIGN)
def test_json_of_another_form_is_an_error_by_value(body: bytes) -> None:
    ecr = client("ecr")
    ecr.meta.events.register("before-send.ecr.DescribeImageScanFindings", lambda **_: Foreign(body))
    page = EcrRegistry(ecr, Secrets()).scan_page(REPOSITORY, "sha256:" + "1" * 64, None)
    assert page["Error"]["Code"] == "ForeignAnswer"
    assert "does not have ECR's form" in page["Error"]["Message"]


@pytest.mark.parametrize("body", [b"{}", b"<html>", b'{"items": []}'])
def test_an_answer_of_something_else_is_no_reading(body: bytes) -> None:
    ecr = client("ecr")
    ecr.meta.events.register("before-send.ecr.DescribeImageScanFindings", lambda **_: Foreign(body))
    page = EcrRegistry(ecr, Secrets()).scan_page(REPOSITORY, "sha256:" + "1" * 64, None)
    with pytest.raises(NoReading, match="says nothing about a scan"):
        read_scan([page])


class Foreign(AWSResponse):
    """A 200 of something that need not be ECR."""

    def __init__(self, body: bytes) -> None:
        super().__init__("https://ecr", 200, HTTPHeaders(), None)
        self._body = body

    @property
    def content(self) -> bytes:
        """The body, without a socket to read it from."""
        return self._body


def test_an_image_that_was_scanned_today_is_not_asked_for_again() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("start_image_scan", "LimitExceededException")
    clock = SimulatedClock()
    registry = patient(EcrRegistry(ecr, Secrets()), Patience(clock))
    assert not registry.start_scan(REPOSITORY, "sha256:" + "1" * 64)
    assert clock.monotonic() == 0
    stub.assert_no_pending_responses()


def test_how_a_registry_scans_is_asked_again_while_it_cannot_answer() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("batch_get_repository_scanning_configuration", "ThrottlingException")
    stub.add_response("batch_get_repository_scanning_configuration", CONFIGURED)
    stub.add_response("get_registry_scanning_configuration", {"scanningConfiguration": {"scanType": "ENHANCED"}})
    scanning = patient(EcrRegistry(ecr, Secrets()), Patience(SimulatedClock())).scanning(REPOSITORY)
    assert (scanning.enhanced, scanning.doubt) == (True, "")
