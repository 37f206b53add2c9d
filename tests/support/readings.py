"""Readings of scans and their verdicts, made of a few words."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

from erp_build.gate.filter import Waivers, known_findings
from erp_build.gate.verdict import ScanContext, judge
from erp_build.model.images.finding import Finding, Waiver
from erp_build.model.images.scan import ScanReading
from erp_build.model.images.verdict import Verdict, Wait
from erp_build.model.project import GatePolicy

POLICY = GatePolicy()
DONE = datetime(2026, 11, 20, 10, tzinfo=UTC)
CLEAN = ScanReading(status="COMPLETE", completed=DONE, counts={}, scanner="basic")
ACTIVE = replace(CLEAN, status="ACTIVE", scanner="enhanced")
LOG4J = Finding(name="CVE-2021-44228", severity="CRITICAL", packages=("log4j-core",))
OPENSSL = Finding(name="CVE-2024-1", severity="CRITICAL", packages=("openssl",))
TODAY = date(2026, 11, 23)
WAIVER = Waiver("CVE-2021-44228", ("log4j-core",), "not reachable", "kim", TODAY)


def outcome(reading: ScanReading, context: ScanContext | None = None, policy: GatePolicy = POLICY) -> str:
    answer = judge(reading, policy, context=context)
    return "wait" if isinstance(answer, Wait) else answer.outcome


def found(*findings: Finding, **more: int) -> ScanReading:
    """A complete basic scan with these findings, and with more that are counted only."""
    counts = Counter(finding.severity for finding in findings) + Counter(more)
    return replace(CLEAN, counts=dict(counts), findings=findings)


def verdict(reading: ScanReading, policy: GatePolicy = POLICY, rows: tuple[Waiver, ...] = (), today: date = TODAY,
            known: ScanReading | None = None) -> Verdict:  # fmt: skip
    answer = judge(
        reading,
        policy,
        waivers=Waivers(rows=rows, today=today),
        known=None if known is None else known_findings([known.findings]),
    )
    assert isinstance(answer, Verdict)
    return answer
