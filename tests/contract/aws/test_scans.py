"""What a registry promises of scans: the real tool over moto and the fake of the stage tests.

moto's scans are complete at once, always with the same finding, and none is made on push: a scan on its way, pages and
further errors are recorded cases (tests/cases/gate).
"""

from typing import Protocol

import pytest

from erp_build.domain.scans import ScanReading, read_scan
from erp_build.tools.registry import EcrRegistry
from erp_build.tools.secrets import Secrets
from erp_build.tools.toolbox import Registry
from tests.contract.aws.conftest import client, store_image
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
