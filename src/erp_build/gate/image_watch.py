"""Watch one image: the scans of its platforms, and the scans of the deployed image that it is compared with."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from erp_build.clients.protocols import Clients
from erp_build.errors import ErpBuildError
from erp_build.gate.filter import Known, known_findings
from erp_build.gate.result import GateRules
from erp_build.gate.scan_watch import MAX_RESULT_AGE, ScanClient, ScanWatch, SeenScan
from erp_build.gate.verdict import doubt_of, inconclusive, is_too_old, join, judge
from erp_build.model.images.image import BuiltImage, StoredImage
from erp_build.model.images.scan import ScanReading
from erp_build.model.images.verdict import Verdict, Wait
from erp_build.model.plan import Running


class DeployedWatch:
    """Finds out the findings of the image that runs now; they count only from a fresh scan result.

    Attributes:
        known: its findings; None: nothing is known.
        pending: why there is no result yet; empty: `known` is final.
    """

    def __init__(self, parts: Sequence[ScanWatch], say: Callable[[str], object], why: str = "") -> None:
        self._parts = parts
        self._say = say
        self._readings: dict[ScanWatch, ScanReading] = {}
        self.known: Known | None = None
        self.pending = "" if why else "not asked yet"
        if why:
            self.give_up(why)

    def poll(self) -> None:
        """Poll each scan that has no result yet."""
        if not self.pending:
            return
        for part in self._parts:
            if part not in self._readings:
                answer = _proven(part)
                if isinstance(answer, Verdict):
                    self.give_up(answer.why)
                    return
                if isinstance(answer, Wait):
                    self.pending = answer.why
                else:
                    self._readings[part] = answer
        if len(self._readings) == len(self._parts):
            self.pending = ""
            self.known = known_findings(reading.findings for reading in self._readings.values())

    def give_up(self, why: str) -> None:
        """Go on without the deployed image: every finding counts as new, which can only stop more."""
        self.pending = ""
        self._say(f"no fresh scan of the deployed image, so every finding counts as new: {why}")


def _proven(part: ScanWatch) -> ScanReading | Wait | Verdict:
    seen = part.look()
    if not isinstance(seen, SeenScan):
        return seen
    if seen.reading.state.answer == "stop":
        return inconclusive(str(seen.reading))
    doubt = doubt_of(seen.reading, seen.context)
    if doubt is None:
        return seen.reading
    return (part.start() if doubt.stale else None) or doubt


@dataclass(eq=False)
class ImageWatch:
    """Watches one image until its verdict.

    Attributes:
        image: what is to be deployed.
        parts: its scans, one per platform; or a verdict where it cannot be scanned.
        rules: what it is judged by.
        deployed: what its findings are compared with; None: with nothing, or with itself.
        is_running: whether this very image runs, so that none of its findings is new.
        cleared: what the verdict that cleared it let pass, for an image that runs; None: that is not recorded.
        fresh_since: a result of an image that runs is said to be older than this, and counts; None: nothing is said.
        say: where that is said.
    """

    image: BuiltImage
    parts: Sequence[ScanWatch] | Verdict
    rules: GateRules
    deployed: DeployedWatch | None = None
    is_running: bool = False
    cleared: Known | None = None
    fresh_since: datetime | None = None
    say: Callable[[str], object] = str
    _verdicts: dict[ScanWatch, Verdict] = field(default_factory=dict, init=False)
    _old_verdicts: dict[ScanWatch, Verdict] = field(default_factory=dict, init=False)
    _last: Wait = field(default=Wait("the registry was not asked yet"), init=False)

    def poll(self) -> Verdict | Wait:
        """Poll each scan that has no verdict yet."""
        if isinstance(self.parts, Verdict):
            return self.parts
        if self.deployed:
            self.deployed.poll()
        waits = []
        for part in self.parts:
            if part not in self._verdicts:
                answer = self._judge(part)
                if isinstance(answer, Verdict):
                    self._verdicts[part] = answer
                else:
                    waits.append(answer)
        if waits:
            self._last = waits[0]
            return waits[0]
        return join([self._verdicts[part] for part in self.parts])

    def out_of_time(self) -> Verdict:
        """The verdict at the deadline. A scan that waits only for the comparison is judged without it."""
        if self.deployed and self.deployed.pending:
            self.deployed.give_up(f"not finished in time: {self.deployed.pending}")
            answer = self.poll()
            if isinstance(answer, Verdict):
                return answer
        if self._old_verdicts:
            # What an old result found stands as long as no newer one says otherwise.
            return join([*self._old_verdicts.values(), *self._verdicts.values()])
        return inconclusive(f"not finished in time: {self._last.why}", self._last.next_step)

    def _judge(self, part: ScanWatch) -> Verdict | Wait:
        seen = part.look()
        if not isinstance(seen, SeenScan):
            return seen
        known = self.deployed.known if self.deployed else self.cleared
        if self.is_running:
            known = known_findings([seen.reading.findings])
        answer = judge(seen.reading, self.rules.policy, waivers=self.rules.waivers, known=known, context=seen.context)
        if isinstance(answer, Wait):
            # Waiting does not renew a stale result: only a new scan does.
            return (part.start() if answer.stale else None) or answer
        self._old_verdicts.pop(part, None)
        if answer.outcome == "blocked" and (wait := self._renew(part, seen, answer)):
            return wait
        # Blocked is not final while the comparison is missing: the findings may already run.
        if answer.outcome == "blocked" and self.deployed and self.deployed.pending:
            return Wait(f"waiting for the deployed image: {self.deployed.pending}")
        if self.fresh_since and is_too_old(seen.reading, self.fresh_since):
            self.say(f"it runs already, and its scan is of {seen.reading.completed:%Y-%m-%d %H:%M %Z}: what was found "
                     "since is not in it; `erp-build gate --running` asks anew")  # fmt: skip
        return answer

    def _renew(self, part: ScanWatch, seen: SeenScan, answer: Verdict) -> Wait | None:
        """Ask for a new scan where an old one blocks: what it found may have been re-rated. None: it cannot be had."""
        doubt = doubt_of(seen.reading, seen.context)
        if doubt is None or not doubt.stale or part.start() or not part.is_renewed:
            return None
        self._old_verdicts[part] = answer
        return Wait(f"{answer.why} by {doubt.why}: waiting for a new scan", next_step=doubt.next_step)


def watch_image(
    clients: Clients,
    scanner: ScanClient,
    rules: GateRules,
    image: BuiltImage,
    running: Running | None,
    say: Callable[[str, str], object],
) -> ImageWatch:
    """Make the watch of an image, and that of the deployed image where the policy compares the two."""
    fresh_since = clients.clock.now() - timedelta(seconds=rules.policy.max_age)

    def say_of_it(text: str) -> None:
        say(text, image.target)

    def pushed_at(digest: str) -> datetime:
        return clients.registry.pushed_at(image.repository, digest)

    if running is not None and running.digest == image.digest:
        # A change of the chart must not wait for the scan of an image that runs anyway.
        parts = _parts(clients, scanner, image.repository, image.digest, pushed_at, None)
        return ImageWatch(image, parts, rules, is_running=True, fresh_since=fresh_since, say=say_of_it)
    parts = _parts(clients, scanner, image.repository, image.digest, pushed_at, fresh_since)
    deployed = _watch_deployed(clients, scanner, running, say_of_it) if rules.policy.new_only else None
    return ImageWatch(image, parts, rules, deployed)


def watch_running(
    clients: Clients, scanner: ScanClient, rules: GateRules, image: BuiltImage, cleared: Known | None
) -> ImageWatch:
    """Make the watch of an image that runs; it is compared with the verdict that cleared it and with nothing else."""
    parts = _parts(
        clients,
        scanner,
        image.repository,
        image.digest,
        lambda one: clients.registry.pushed_at(image.repository, one),
        clients.clock.now() - timedelta(seconds=rules.policy.max_age),
    )
    compares = replace(rules, policy=rules.policy._replace(new_only=cleared is not None))
    return ImageWatch(image, parts, compares, cleared=cleared)


def _watch_deployed(
    clients: Clients, scanner: ScanClient, running: Running | None, say: Callable[[str], object]
) -> DeployedWatch:
    if running is None or not running.digest:
        return DeployedWatch((), say, "no image is deployed" if running is None else "its digest is not known")
    oldest = clients.clock.now() - MAX_RESULT_AGE
    parts = _parts(clients, scanner, running.repository, running.digest, lambda _: None, oldest)
    return DeployedWatch((), say, parts.why) if isinstance(parts, Verdict) else DeployedWatch(parts, say)


def _parts(
    clients: Clients,
    scanner: ScanClient,
    repository: str,
    digest: str,
    not_before: Callable[[str], datetime | None],
    oldest: datetime | None,
) -> tuple[ScanWatch, ...] | Verdict:
    """The scans of an image. An index has none of its own: ECR keeps findings at the images of its platforms."""
    if not digest:
        return inconclusive("which image runs is not known by its digest", "erp-build status shows what runs")
    try:
        stored = clients.registry.stored(repository, digest)
        if stored is None:
            return inconclusive(
                f"{digest[:19]} is not in the registry",
                "look at the repository's lifecycle policy; an archived image comes back by aws ecr "
                "update-image-storage-class, a deleted one is built anew (erp-build run --rebuild NAME)",
            )
        digests = platform_digests(stored)
        if not digests:
            return inconclusive(
                f"{digest[:19]} is an index without images", "push an image for the platform that runs it"
            )
        return tuple(ScanWatch(repository, one, scanner, not_before(one), oldest) for one in digests)
    except ErpBuildError as error:
        return inconclusive(f"{error.what}: {error.why}", error.next_step)


def platform_digests(image: StoredImage) -> tuple[str, ...]:
    """The digests to scan: the image's own, or those of an index's images without attestations."""
    if "index" not in image.media_type and "manifest.list" not in image.media_type:
        return (image.digest,)
    children = json.loads(image.manifest).get("manifests") or ()
    return tuple(str(child["digest"]) for child in children if not _is_attestation(child))


def _is_attestation(child: Mapping[str, Any]) -> bool:
    annotations, platform = child.get("annotations") or {}, child.get("platform") or {}
    if annotations.get("vnd.docker.reference.type"):
        return True
    return platform.get("os") == "unknown" and platform.get("architecture") == "unknown"
