"""SARIF 2.1.0: valid by the standard's schema, and nothing that was found is left out of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from erp_build.clients.secrets import Secrets
from erp_build.gate.result import Judgement
from erp_build.report.sarif import sarif_document, sarif_text
from tests.support.judgements import JUDGEMENT, KNOWN, LOG4J, NAMELESS, OPENSSL

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def results() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sarif_document(JUDGEMENT, "1.2.3")["runs"][0]["results"]
    return found


@pytest.mark.parametrize(
    "judgement",
    [
        pytest.param(JUDGEMENT, id="everything"),
        pytest.param(replace(JUDGEMENT, rows=()), id="no image"),
        pytest.param(replace(JUDGEMENT, rows=JUDGEMENT.rows[2:], remarks=()), id="no verdict"),
    ],
)
def test_the_document_is_valid(judgement: Judgement) -> None:
    document = json.loads(sarif_text(judgement, Secrets()))
    jsonschema.Draft4Validator(SCHEMA).validate(document)
    assert document["version"] == "2.1.0"


def test_the_schema_would_notice() -> None:
    document = sarif_document(JUDGEMENT, "1.2.3")
    document["runs"][0]["results"][0]["level"] = "critical"
    with pytest.raises(jsonschema.ValidationError, match="'critical' is not one of"):
        jsonschema.Draft4Validator(SCHEMA).validate(document)


def test_every_finding_of_every_image_is_a_result() -> None:
    assert [result["ruleId"] for result in results()] == [
        finding.name for finding in (LOG4J, OPENSSL, KNOWN, NAMELESS, NAMELESS)
    ]


def test_a_waived_finding_is_suppressed_with_its_reason_and_not_left_out() -> None:
    waived = [result for result in results() if "suppressions" in result]
    assert [result["ruleId"] for result in waived] == [OPENSSL.name]
    assert waived[0]["suppressions"][0]["justification"] == "not reachable (kim, until 2026-12-31)"


def test_what_blocks_and_what_runs_already_is_said() -> None:
    assert [result["properties"]["blocks"] for result in results()] == [True, False, False, False, False]
    assert [result.get("baselineState") for result in results()] == [None, None, "unchanged", None, None]


def test_a_result_points_at_its_rule_and_its_packages() -> None:
    run = sarif_document(JUDGEMENT, "1.2.3")["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert [place["name"] for place in results()[0]["locations"][0]["logicalLocations"]] == list(LOG4J.packages)
    assert "CVE-2021-44228 (log4j-api, log4j-core) 2.14.1" in results()[0]["message"]["text"]
    assert results()[0]["message"]["text"].endswith("fixed in 2.17.1")


def test_an_image_without_a_verdict_does_not_look_like_one_without_findings() -> None:
    invocation = sarif_document(JUDGEMENT, "1.2.3")["runs"][0]["invocations"][0]
    assert not invocation["executionSuccessful"]
    texts = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert "employee-service: FAILED: the scan failed" in texts
    assert "no fresh result of the deployed image" in texts
