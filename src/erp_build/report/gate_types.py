"""The keys of the gate's judgement as JSON: a part of a run's report, and of what `gate --json` prints.

`scripts/report_schema.py` writes the published schema from these classes: their types, and what stands in their
docstrings.
"""

from typing import Annotated, TypedDict

from erp_build.model.images.verdict import VerdictOutcome

Count = Annotated[int, {"minimum": 0}]
Digest = Annotated[str | None, {"pattern": "^sha256:[0-9a-f]{64}( and sha256:[0-9a-f]{64})*$|^$"}]
"""`sha256:...`; several that differ are joined by ` and `, and empty is one that the registry does not know."""


class PolicyDocument(TypedDict):
    """What the images were judged by, the table `[gate]`.

    Attributes:
        block: severities of which no finding may pass.
        limits: severity -> how many findings of it may pass.
        new_only: whether only findings count that the deployed image does not have.
        fixable_only: whether only findings count that have a fix.
        undefined: what becomes of findings without a severity.
        max_age: seconds; an older result of an image that did not run yet was asked for anew.
    """

    block: list[str]
    limits: dict[str, Count]
    new_only: bool
    fixable_only: bool
    undefined: str
    max_age: float


class FindingDocument(TypedDict):
    """A finding of a scan.

    Attributes:
        name: its id, such as CVE-2021-44228.
        severity: as the scanner names it, such as CRITICAL.
        package: the packages that it is in, joined by a comma and a space; empty: none is named.
    """

    name: str
    severity: str
    package: str


class WaiverDocument(TypedDict):
    """A row of the waiver file: a finding that somebody answers for until a day.

    Attributes:
        id: of the finding.
        packages: the packages that it is waived for; - for a finding that names none.
        reason: why it may pass.
        owner: who answers for it.
        until: the last day on which it counts, ISO 8601.
    """

    id: str
    packages: list[str]
    reason: str
    owner: str
    until: Annotated[str, {"format": "date"}]


class WaivedFindingDocument(FindingDocument):
    """A finding that a waiver lets pass.

    Attributes:
        name: its id, such as CVE-2021-44228.
        severity: as the scanner names it, such as CRITICAL.
        package: the packages that it is in, joined by a comma and a space; empty: none is named.
        waiver: the row that lets it pass.
    """

    waiver: WaiverDocument


class JudgedImageDocument(TypedDict):
    """An image and its verdict.

    Attributes:
        target: name of the target.
        repository: of the image, without its host.
        digest: of the image.
        outcome: whether the image may be deployed.
        why: a sentence for the reader.
        scanner: what scanned it; null: there was no result.
        counts: severity -> number of all findings, whatever became of them.
        blocking: findings that stop it, as far as the scan lists them.
        waived: findings that a waiver lets pass.
        known: findings that the deployed image has as well.
        unfixable: findings that do not count because there is no fix.
        closed: findings that Inspector suppresses or has closed.
        expired_waivers: waivers that would have let a finding pass and count no longer.
        next: what the reader does now; null: it passed.
    """

    target: str
    repository: str
    digest: Digest
    outcome: VerdictOutcome
    why: str
    scanner: str | None
    counts: dict[str, Count]
    blocking: list[FindingDocument]
    waived: list[WaivedFindingDocument]
    known: list[FindingDocument]
    unfixable: list[FindingDocument]
    closed: list[FindingDocument]
    expired_waivers: list[WaiverDocument]
    next: str | None


class GateDocument(TypedDict):
    """What the gate found.

    Attributes:
        policy: what the images were judged by.
        images: in the order of the plan.
        unused_waivers: waivers that are about no finding of any image here.
        notes: what else the reader must know, a sentence each.
    """

    policy: PolicyDocument
    images: list[JudgedImageDocument]
    unused_waivers: list[WaiverDocument]
    notes: list[str]
