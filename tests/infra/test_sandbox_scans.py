"""The sandbox's scanner answers as ECR does: pages of the asked size, scripts by repository, a result after a start."""

import asyncio
from typing import Any

from sandbox.aws.fault_proxy.image_scans import Scans

DIGEST = "sha256:" + "1" * 64
REPOSITORY = "erp/a"


async def ecr(operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:  # noqa: ARG001 - the signature of a call
    return 200, {"images": [{"imageId": {"imageDigest": DIGEST}}]}


def ask(scans: Scans, **more: object) -> dict[str, Any]:
    body = {"repositoryName": REPOSITORY, "imageId": {"imageDigest": DIGEST}, **more}
    return dict(asyncio.run(scans.describe(body)))


def findings(number: int) -> dict[str, Any]:
    listed = [{"name": f"CVE-{place}", "severity": "LOW"} for place in range(number)]
    return {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findings": listed}}


def names(page: dict[str, Any]) -> list[str]:
    return [item["name"] for item in page["imageScanFindings"]["findings"]]


def test_a_long_answer_is_paged_as_it_is_asked_for() -> None:
    scans = Scans(ecr)
    scans.script(REPOSITORY, None, [findings(5), findings(1)])
    pages = [ask(scans, maxResults=2)]
    while token := pages[-1].get("nextToken"):
        pages.append(ask(scans, maxResults=2, nextToken=token))
    assert [names(page) for page in pages] == [["CVE-0", "CVE-1"], ["CVE-2", "CVE-3"], ["CVE-4"]]
    assert names(ask(scans, maxResults=2)) == ["CVE-0"]


def test_a_page_has_a_hundred_findings_unless_asked_otherwise() -> None:
    scans = Scans(ecr)
    scans.script(REPOSITORY, None, [findings(101)])
    assert len(names(ask(scans))) == 100
    assert "nextToken" not in ask(scans, maxResults=1000)


def test_pages_of_a_script_follow_their_own_tokens() -> None:
    scans = Scans(ecr)
    scans.script(REPOSITORY, None, [{**findings(1), "nextToken": "2"}, findings(2)])
    assert ask(scans)["nextToken"] == "2"
    assert len(names(ask(scans, nextToken="2"))) == 2
    assert ask(scans, nextToken="9")["Error"]["Code"] == "InvalidParameterException"


def test_a_script_can_be_forgotten_for_one_repository() -> None:
    scans = Scans(ecr)
    scans.script(REPOSITORY, None, [findings(5)])
    scans.clear("erp/another")
    assert len(names(ask(scans))) == 5
    scans.clear(REPOSITORY)
    assert ask(scans)["imageScanStatus"]["status"] == "IN_PROGRESS"


def test_a_scan_that_is_started_has_a_newer_result() -> None:
    scans = Scans(ecr)
    ask(scans)
    first = ask(scans)["imageScanFindings"]["imageScanCompletedAt"]
    asyncio.run(scans.start({"repositoryName": REPOSITORY, "imageId": {"imageDigest": DIGEST}}))
    assert ask(scans)["imageScanStatus"]["status"] == "IN_PROGRESS"
    assert ask(scans)["imageScanFindings"]["imageScanCompletedAt"] >= first
