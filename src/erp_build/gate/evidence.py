"""Reads the evidence of every image that will be deployed back from the registry, and stops where it is not right."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from erp_build.changes.content_key import content_of
from erp_build.clients.machine.parallel import map_in_threads
from erp_build.clients.site import Site
from erp_build.errors import VerificationFailed
from erp_build.formats.evidence.verify import Expected, fault_of, named
from erp_build.model.commit import DIRTY
from erp_build.model.images.evidence import EVIDENCE_TYPES, PROVENANCE_TYPE, SBOM_TYPE, WORDS, CheckedEvidence
from erp_build.model.images.image import BuiltImage
from erp_build.model.plan import Plan, Step
from erp_build.model.stages.stage import stage

READ_AT_ONCE = 4
"""Images whose evidence is read at the same time; each takes some small calls."""


class _Reading(NamedTuple):
    """What was found beside an image, and a line for each reason why it may not be deployed."""

    found: CheckedEvidence
    faults: tuple[str, ...]


@stage("reads only: the registry", keeps="attested")
def check_evidence(site: Site, plan: Plan, images: Sequence[BuiltImage]) -> tuple[CheckedEvidence, ...]:
    """Read SBOM and provenance of every image back, and compare them with the image and the plan.

    What was attached in this run must be there. What an earlier run attached is compared where it is there; whether it
    must be, `evidence` of `[gate]` says.

    Raises `VerificationFailed` with every image whose evidence is missing or wrong.
    """
    steps = {step.target.name: step for step in plan.steps}
    readings = map_in_threads(lambda image: _read(site, plan, steps[image.target], image), images, READ_AT_ONCE)
    wrong = [(image, reading.faults) for image, reading in zip(images, readings, strict=True) if reading.faults]
    if wrong:
        raise _error(wrong)
    for reading in readings:
        if reading.found.missing:
            site.say(f"{reading.found.missing}; [gate] does not require it", reading.found.target)
    return tuple(reading.found for reading in readings)


def _read(site: Site, plan: Plan, step: Step, image: BuiltImage) -> _Reading:
    expected = _expected(site, plan, step, image)
    stored = site.clients.evidence.read(image.repository, image.digest)
    faults = [f"{named(one)}: {fault}" for one in stored if (fault := fault_of(one, expected))]
    there = {kind: [one.digest for one in stored if one.kind == kind] for kind in EVIDENCE_TYPES}
    pushed = dict(zip(EVIDENCE_TYPES, image.evidence or (), strict=False))
    # Another run may have attached its own to the same image; that of this run is the one that was meant.
    chosen = {kind: pushed.get(kind) or next(iter(sorted(there[kind])), "") for kind in EVIDENCE_TYPES}
    missing = [WORDS[kind] for kind in EVIDENCE_TYPES if chosen[kind] not in there[kind]]
    words = f"it has no {' and no '.join(missing)}" if missing else ""
    if missing and _must_have(site, image):
        faults.append(f"{words} in the registry" + (", although this run attached it" if image.evidence else ""))
    read = {kind: "" if WORDS[kind] in missing else digest for kind, digest in chosen.items()}
    found = CheckedEvidence(image.target, read[SBOM_TYPE], read[PROVENANCE_TYPE], words)
    return _Reading(found, tuple(faults))


def _must_have(site: Site, image: BuiltImage) -> bool:
    return image.origin == "built" or site.project.gate.evidence == "all"


def _expected(site: Site, plan: Plan, step: Step, image: BuiltImage) -> Expected:
    name = f"{site.clients.registry.host()}/{image.repository}"
    if image.origin == "built":
        return Expected(name, image.digest, f"{plan.head}{DIRTY}" if step.is_dirty else plan.head, step.key)
    key = step.key if image.origin == "reused" else step.running.key if step.running else ""
    # Which base it was built on does not count here: an image of the same files is reused.
    return Expected(name, image.digest, image.commit or "", content_of(key))


def _error(wrong: Iterable[tuple[BuiltImage, tuple[str, ...]]]) -> VerificationFailed:
    lines = [f"{image.target}: {fault}" for image, faults in wrong for fault in faults]
    return VerificationFailed(
        "the evidence of an image is not what it must be",
        where=", ".join(f"{image.repository}@{image.digest}" for image, _ in wrong),
        why="\n".join(lines),
        next_step="find out who changed it (docs/evidence.md); an image without evidence: erp-build run --rebuild "
        + " ".join(image.target for image, _ in wrong),
    )
