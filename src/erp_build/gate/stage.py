"""The gate: wait for the scans of all images under one deadline, and clear only images that pass."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from zlib import crc32

from erp_build.clients.clock import Deadline
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.protocols import Clients
from erp_build.config.read_file import path_below
from erp_build.config.waivers import load_waivers
from erp_build.errors import ErpBuildError, GateBlocked, GateInconclusive, told
from erp_build.gate.filter import Waivers
from erp_build.gate.image_watch import ImageWatch, watch_image
from erp_build.gate.remarks import Remarks
from erp_build.gate.result import GateRules, Judged, Judgement
from erp_build.gate.scan_watch import ScanClient
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.scan import Scanning
from erp_build.model.images.verdict import ClearedImage, Verdict, Wait
from erp_build.model.plan import Running
from erp_build.model.project import GatePolicy
from erp_build.model.stages.stage import stage

FIRST_POLL_PAUSE_S, MAX_POLL_PAUSE_S = 1.0, 10.0
"""Each pause is twice the one before."""

POLL_JITTER = 0.2
"""The share by which a pause varies, so that runs that began together do not poll together."""


@stage("reads only: the waiver file")
def read_rules(clients: Clients, policy: GatePolicy) -> GateRules:
    """Read the policy's waiver file, whose path is below the repository's root.

    Raises `ConfigurationError` for a waiver file that cannot be read.
    """
    rows = load_waivers(path_below(clients.repository.root, policy.waivers)) if policy.waivers else ()
    rules = GateRules(policy=policy, waivers=Waivers(rows=rows, today=clients.clock.now().date()))
    if rules.warning:
        clients.progress.say(rules.warning)
    return rules


@stage("ECR scans", keeps="judgement")
def judge_images(
    clients: Clients, rules: GateRules, images: Sequence[BuiltImage], running: Mapping[str, Running] | None = None
) -> Judgement:
    """Judge every image by its scan; `running` (target -> image) is what the policy compares new findings with."""
    deadline = Deadline(clients.clock, rules.policy.timeout)
    remarks = Remarks(clients.progress.say, [image.target for image in images])
    scanner = make_scan_client(clients, remarks.say)

    def begin(image: BuiltImage) -> ImageWatch:
        return watch_image(clients, scanner, rules, image, (running or {}).get(image.target), remarks.say)

    watches = ask_at_once(begin, images)
    verdicts = watch(watches, deadline, clients.progress.say)
    rows = tuple(Judged(image, verdict) for image, verdict in zip(images, verdicts, strict=True))
    return Judgement(rules=rules, rows=rows, remarks=remarks.lines)


@stage("nothing", keeps="cleared")
def clear_images(judgement: Judgement) -> tuple[ClearedImage, ...]:
    """Clear all images; raises `GateBlocked` or `GateInconclusive` with every image that did not pass.

    `GateBlocked` comes first, because findings are certain.
    """
    rows = judgement.rows
    blocked = [row for row in rows if row.verdict.outcome == "blocked"]
    stopped = [row for row in rows if row.verdict.outcome != "passed"]
    if blocked:
        next_step = "fix the image (base image, dependency), waive the finding with a reason, or change [gate]"
        raise _gate_error(GateBlocked, f"{len(blocked)} of {len(rows)} images over the policy", blocked, next_step)
    if stopped:
        next_step = "\n".join(dict.fromkeys(row.verdict.next_step for row in stopped if row.verdict.next_step))
        raise _gate_error(
            GateInconclusive, f"{len(stopped)} of {len(rows)} images without a verdict", stopped, next_step
        )
    return tuple(ClearedImage(row.image, row.verdict, row.image.digest) for row in rows)


def make_scan_client(clients: Clients, say: Callable[[str], object]) -> ScanClient:
    """Make the client of the watches. It asks once how a repository is scanned, and reports what it cannot find out."""

    @cache
    def scanning(repository: str) -> Scanning:
        try:
            found = clients.registry.scanning(repository)
        except ErpBuildError as error:
            found = Scanning(doubt=f"how the registry scans is not known ({told(error)}); each scan is read twice")
        if found.doubt:
            say(found.doubt)
        return found

    return ScanClient(page=clients.registry.scan_page, starter=clients.effects, clock=clients.clock, scanning=scanning)


def watch(watches: Sequence[ImageWatch], deadline: Deadline, say: Callable[[str, str], object]) -> tuple[Verdict, ...]:
    """Poll all scans until each has a verdict or the deadline is over. A time-out never passes."""
    answers: dict[ImageWatch, Verdict | Wait] = {}
    pause, turn = FIRST_POLL_PAUSE_S, 0
    while True:
        waiting = [one for one in watches if not isinstance(answers.get(one), Verdict)]
        for one, answer in zip(waiting, ask_at_once(ImageWatch.poll, waiting), strict=True):
            last, answers[one] = answers.get(one), answer
            if last is None or last.why != answer.why:
                say(answer.why, one.image.target)
        if all(isinstance(answer, Verdict) for answer in answers.values()) or deadline.is_over:
            break
        deadline.pause(pause * _jitter(watches[0].image.digest, turn))
        pause, turn = min(pause * 2, MAX_POLL_PAUSE_S), turn + 1
    return tuple(answer if isinstance(answer, Verdict) else one.out_of_time() for one, answer in answers.items())


def _gate_error(error: type[ErpBuildError], what: str, stopped: Sequence[Judged], next_step: str) -> ErpBuildError:
    lines = []
    for row in stopped:
        names = ", ".join(str(finding) for finding in row.verdict.blocking[:5])
        more = len(row.verdict.blocking) - 5
        names += f" and {more} more" if more > 0 else ""
        lines.append(f"{row.image.target} {row.image.digest[:19]}: {row.verdict.why}" + (f": {names}" if names else ""))
    return error(
        what, where=", ".join(row.image.repository for row in stopped), why="\n".join(lines), next_step=next_step
    )


def _jitter(seed: str, turn: int) -> float:
    """A factor around 1 that differs by image and turn, but is the same when a run is repeated."""
    return 1 + POLL_JITTER * (2 * crc32(f"{seed} {turn}".encode()) / 2**32 - 1)
