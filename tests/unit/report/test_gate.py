"""The gate's table and its JSON: what blocks, what is waived and by whom, and what must be said below."""

import json
from dataclasses import replace

from erp_build.model.project import GatePolicy
from erp_build.report.text.gate import judgement_document, judgement_text, summary_document
from tests.support.judgements import JUDGEMENT


def test_a_row_says_image_digest_counts_what_blocks_and_how_many_are_waived() -> None:
    lines = judgement_text(JUDGEMENT).splitlines()
    assert lines[0] == "Gate"
    assert lines[1].split("  ")[1:2] == ["image"]
    assert lines[2].split() == (
        [
            "approval-request-service",
            "sha256:111111111111",
            "blocked",
            "2",
            "CRITICAL,",
            "1",
            "HIGH,",
            "1",
            "LOW",
            "CVE-2021-44228",
            "1",
        ]
    )
    assert lines[4].split() == ["employee-service", "sha256:111111111111", "inconclusive", "-", "-", "-"]


def test_below_the_table_stands_what_was_waived_and_what_else_must_be_known() -> None:
    assert judgement_text(JUDGEMENT).splitlines()[5:] == [
        "  waived: CVE-2024-1 (openssl), CRITICAL: not reachable (kim, until 2026-12-31)",
        "  no fresh result of the deployed image",
        "  unused waiver, and expired: CVE-1999-1 (sendmail), lee, until 2026-01-01; remove it",
        "  Basic scanning sees packages of the operating system and no jars: a library in a jar is not judged.",
    ]


def test_enhanced_scanning_alone_is_not_said_to_miss_jars() -> None:
    assert "no jars" not in judgement_text(replace(JUDGEMENT, rows=JUDGEMENT.rows[:1]))


def test_a_policy_that_blocks_nothing_is_said_first_and_loudly() -> None:
    rules = replace(JUDGEMENT.rules, policy=GatePolicy(block=()))
    assert replace(JUDGEMENT, rules=rules).notes[0].startswith("THE GATE BLOCKS NOTHING")


def test_the_document_holds_every_image_with_what_became_of_its_findings() -> None:
    document = json.loads(json.dumps(judgement_document(JUDGEMENT)))
    first = document["images"][0]
    assert [one["name"] for one in first["blocking"]] == ["CVE-2021-44228"]
    assert first["waived"][0]["waiver"]["owner"] == "kim"
    assert [one["name"] for one in first["known"]] == ["CVE-2020-1"]
    assert document["policy"]["limits"] == {"HIGH": 3}
    assert [one["id"] for one in document["unused_waivers"]] == ["CVE-1999-1"]
    assert document["images"][2]["next"] == "start the scan again"


def test_the_summary_has_the_worst_outcome_and_the_counts_of_all() -> None:
    summary = summary_document(JUDGEMENT)
    assert (summary["outcome"], summary["why"]) == ("blocked", "1 new CRITICAL, 1 already running")
    assert summary["counts"] == {"CRITICAL": 2, "HIGH": 1, "LOW": 2}
    assert summary_document(replace(JUDGEMENT, rows=JUDGEMENT.rows[1:]))["outcome"] == "inconclusive"
    assert summary_document(replace(JUDGEMENT, rows=JUDGEMENT.rows[1:2]))["outcome"] == "passed"
