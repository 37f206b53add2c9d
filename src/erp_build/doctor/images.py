"""Checks of the image repositories: whether `latest` may move, how images are scanned, and how long that takes."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from erp_build.clients.machine.parallel import ask_at_once
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import GateInconclusive
from erp_build.gate.scans import UnreadableScan, read_scan
from erp_build.model.images.image import LATEST, StoredImage
from erp_build.model.images.scan import ScanReading
from erp_build.model.project import Function

RESCAN_AFTER = timedelta(days=1)
"""A later result is from a new scan of an old image, and says nothing about how long a run waits."""


def check_mutability(facts: Facts) -> CheckResult:
    """Whether a run can move `latest` in every repository."""
    moves = facts.moves()
    look = Look(f"ecr:DescribeRepositories of {', '.join(moves) or 'no repository'}")
    if not moves:
        return look.unknown("erp-build.toml has no service that is built", "write a [[service]] for each")
    absent = [name for name, may in moves.items() if may is None]
    # What a push makes is not missing.
    if missing := facts.remote.clients.registry.missing_repositories(absent) if absent else ():
        hint = f"aws ecr create-repository --repository-name {missing[0]}, or correct `repository` in erp-build.toml"
        return look.problem(f"there is no {', '.join(missing)}", hint)
    if fixed := [name for name, may in moves.items() if may is False]:
        return look.problem(
            f"tags are immutable, so that a run cannot move `{LATEST}`: {', '.join(fixed)}",
            f"aws ecr put-image-tag-mutability --repository-name {fixed[0]} --image-tag-mutability "
            f"IMMUTABLE_WITH_EXCLUSION --image-tag-mutability-exclusion-filters filterType=WILDCARD,filter={LATEST}",
        )
    made = f"; the first push makes {', '.join(absent)}" if absent else ""
    return look.ok(f"`{LATEST}` may move{made}")


def check_scan_mode(facts: Facts) -> CheckResult:
    """Whether new images are scanned on push, and by which scanner."""
    look = Look("ecr:BatchGetRepositoryScanningConfiguration, ecr:GetRegistryScanningConfiguration")
    modes = facts.scannings()
    if doubt := next((mode.doubt for mode in modes.values() if mode.doubt), ""):
        return look.unknown(doubt, "allow both actions for the caller of doctor and for the build's role")
    if manual := [name for name, mode in modes.items() if mode.frequency in ("", "MANUAL") and not mode.enhanced]:
        return look.warning(
            f"no scan on push: {', '.join(manual)}; a run must start each scan, and ECR allows one in 24 h",
            "set the registry's basic scanning to scan on push for these repositories",
        )
    words = {"enhanced" if mode.enhanced else "basic": mode.frequency for mode in modes.values()}
    return look.ok(", ".join(f"{kind} scanning, {frequency}" for kind, frequency in words.items()))


def check_scan_time(facts: Facts) -> CheckResult:
    """Whether the last scans have a result, and fit into the gate's time-out."""
    timeout = timedelta(seconds=facts.project.gate.timeout)
    limit = f"the gate's time-out of {timeout.total_seconds():.0f} s"
    look = Look(f"ecr:DescribeImageScanFindings of `{LATEST}`, and {limit}")
    registry = facts.remote.clients.registry
    newest = ask_at_once(lambda name: registry.stored(name, LATEST), facts.repositories())
    images = [image for image in newest if image]
    found = zip(images, ask_at_once(partial(_last_scan, facts), images), strict=True)
    scans = {image.repository: (image, scan) for image, scan in found if scan}
    stops = ask_at_once(lambda one: _stops(facts, *one), scans.values())
    if stopped := {name: scan for (name, (_, scan)), is_so in zip(scans.items(), stops, strict=True) if is_so}:
        lines = [f"{name}: {scan}: {scan.state.meaning}" for name, scan in stopped.items()]
        return look.problem("\n".join(lines), "; ".join(sorted({scan.state.next_step for scan in stopped.values()})))
    took = zip(scans, ask_at_once(lambda one: _duration(facts, *one), scans.values()), strict=True)
    known = {name: seconds for name, seconds in took if seconds is not None}
    if not known:
        return look.unknown("no image has a scan whose length is known", "look again after the next run")
    longest = max(known, key=lambda name: known[name])
    told = f"the longest scan took {known[longest].total_seconds():.0f} s ({longest})"
    if known[longest] >= timeout:
        hint = "raise `timeout` of [gate]; Inspector's first scan of an image can take many minutes"
        return look.problem(told, hint)
    return look.ok(told)


def check_provenance(facts: Facts) -> CheckResult:
    """Whether a function's repository holds an index with attestations, which Lambda refuses."""
    named = [one for function in facts.project.functions for one in _function_images(facts, function)]
    stored = ask_at_once(lambda one: facts.remote.clients.registry.stored(*one), named)
    images = {f"{place}:{reference[:19]}": image for (place, reference), image in zip(named, stored, strict=True)}
    look = Look(f"ecr:BatchGetImage of {', '.join(images) or 'no function'}")
    indexes = [name for name, image in images.items() if image and not image.is_single]
    if indexes:
        return look.problem(
            f"an index, as BuildKit makes it with provenance: {', '.join(indexes)}; Lambda accepts only a single image",
            "build with erp_build, or with --provenance=false (BUILDX_NO_DEFAULT_ATTESTATIONS=1), and push again",
        )
    if not (seen := sum(image is not None for image in images.values())):
        return look.ok("there is no image of a function to look at")
    return look.ok(f"{seen} single images")


def _last_scan(facts: Facts, image: StoredImage) -> ScanReading | None:
    """The image's scan; None where there is none, or where it may not be read, which another check reports."""
    page = facts.remote.clients.registry.scan_page(image.repository, image.digest, None)
    if "Error" in page:
        return None
    try:
        return read_scan([page])
    except UnreadableScan as error:
        raise GateInconclusive(
            "the scan's answer cannot be read", where=f"{image.repository}@{image.digest}", why=str(error)
        ) from error


def _stops(facts: Facts, image: StoredImage, scan: ScanReading) -> bool:
    """Whether a run would stop at this scan: it failed, or it had no result within the gate's time-out."""
    if scan.state.answer != "wait":
        return scan.state.answer == "stop"
    age = facts.remote.clients.clock.now() - facts.remote.clients.registry.pushed_at(image.repository, image.digest)
    return age > timedelta(seconds=facts.project.gate.timeout)


def _duration(facts: Facts, image: StoredImage, scan: ScanReading) -> timedelta | None:
    """The time from the push to the result; None where it is not known."""
    if scan.completed is None:
        return None
    took = scan.completed - facts.remote.clients.registry.pushed_at(image.repository, image.digest)
    return None if took >= RESCAN_AFTER else max(took, timedelta())


def _function_images(facts: Facts, function: Function) -> Iterator[tuple[str, str]]:
    """The newest image of a function's repository, and the one that it runs."""
    repository = facts.environment().repository(function.repository)
    yield repository, LATEST
    state = facts.function_states()[function.function]
    if state and state.digest:
        yield repository, state.digest
