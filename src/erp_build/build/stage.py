"""The build stage: builds and pushes images, and takes over existing ones, reused by content or running."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from threading import BoundedSemaphore
from typing import NamedTuple

from erp_build.build.architecture import check_platform
from erp_build.build.evidence.request import evidence_request
from erp_build.build.image_request import image_request
from erp_build.changes.content_key import content_of
from erp_build.changes.reuse import Nodes
from erp_build.clients.effects import ImageRequest
from erp_build.clients.machine.parallel import (
    HandOver,
    map_in_threads,
    raise_together,
    work_as_produced,
    work_beside,
)
from erp_build.clients.site import Site
from erp_build.errors import BuildFailed, PushFailed, TagTaken, VerificationFailed
from erp_build.formats.evidence.sbom import load
from erp_build.model.commit import DIRTY
from erp_build.model.images.image import KEY_TAG, BuildTimings, BuiltImage, PushedEvidence, PushedImage, StoredImage
from erp_build.model.packaging import MAVEN, NONE
from erp_build.model.plan import Plan, Running, Step
from erp_build.model.project import Function, Service
from erp_build.model.quality_checks.check_run import Checked
from erp_build.model.stages.stage import stage

TAGS_AT_ONCE = 4
"""Images of the registry that are tagged at the same time; each takes two small calls."""

PREPARATION_WAIT_S = 1.0
"""Seconds for which a failed build waits for a base image that nobody needs any more; the engine's client ends it."""


class Job(NamedTuple):
    """A target whose jar is complete: the image to build, the seconds of the jar, and when the jar was complete."""

    request: ImageRequest
    maven: float
    ready: float


class Pushed(NamedTuple):
    """An image that is in the registry under its tag."""

    request: ImageRequest
    stored: StoredImage
    timings: BuildTimings
    evidence: PushedEvidence | None = None


@stage("Maven, engine, ECR: new tags only", keeps="images")
def build_images(site: Site, plan: Plan, checked: Sequence[Checked] = ()) -> tuple[BuiltImage, ...]:
    """Provide every image that the plan deploys: built, reused, or running already.

    The packagers make what the Dockerfiles take; an image is built and pushed as soon as that is complete. After a
    failure the other images are still finished, so that the next run can reuse them.

    Args:
        site: where it is built.
        plan: what is built.
        checked: the checks of this run, for the evidence of images that have some (`evidence` of `[build]`).
    """
    built = _build_all(site, [image_request(site, step, plan) for step in plan.builds], checked)
    reused = map_in_threads(lambda step: _reuse(site, step, plan), plan.reuses, TAGS_AT_ONCE)
    return (*built, *reused, *(_running_image(step) for step in plan.redeploys))


def _build_all(site: Site, requests: list[ImageRequest], checked: Sequence[Checked]) -> tuple[BuiltImage, ...]:
    if not requests:
        return ()
    turns = BoundedSemaphore(site.clients.assembly.pushes_at_once())
    clock = site.clients.clock
    try:
        with (
            _nodes(site, requests) as nodes,
            work_beside(partial(site.clients.effects.prepare_images, requests), PREPARATION_WAIT_S) as prepared,
            # The libraries that write evidence are loaded while Maven works.
            work_beside(load) if site.project.build.evidence else nullcontext(),
        ):
            finished = work_as_produced(
                partial(_package, site, requests),
                partial(_build_and_push, site, nodes, turns, clock.monotonic(), checked),
                site.clients.assembly.images_at_once(),
                clock.time_left,
            )
            if not finished.failed:
                # Every image has used it, so it has ended: what it raises is a bug.
                prepared()
    except TimeoutError:
        clock.require_time()
        raise
    broken = {name for error in finished.failed if isinstance(error, BuildFailed) for name in error.targets}
    whole = [pushed for pushed in finished.done.values() if pushed.request.target.name not in broken]
    # Not before Maven's end: a service can fail after its jar was made, and then no run may reuse its image.
    map_in_threads(lambda pushed: _tag_with_key(site, pushed), whole, TAGS_AT_ONCE)
    raise_together(finished.failed)
    return tuple(_built(finished.done[place]) for place in range(len(requests)))


def _nodes(site: Site, requests: list[ImageRequest]) -> AbstractContextManager[Nodes]:
    """Read the nodes' architectures while Maven works, in one thread: the cluster's client is not thread-safe."""
    if not any(isinstance(request.target, Service) for request in requests):
        return nullcontext(frozenset)
    return work_beside(lambda: site.clients.cluster.architectures(site.environment.cluster))


def _package(site: Site, requests: list[ImageRequest], hand_over: HandOver[Job]) -> None:
    places = {request.target.name: place for place, request in enumerate(requests)}

    def ready(name: str, seconds: float) -> None:
        if (package := requests[places[name]].target.package) != NONE:
            what = "jar made" if package == MAVEN else f"packaged by {package}"
            site.say(f"{what} in {seconds:.1f} s", name)
        hand_over(places[name], Job(requests[places[name]], seconds, site.clients.clock.monotonic()))

    targets: list[Service | Function] = [request.target for request in requests]
    for target in targets:
        site.clients.progress.phase(target.name, "waits" if target.package == NONE else target.package)
    site.clients.effects.package(targets, ready)


def _build_and_push(
    site: Site, nodes: Nodes, turns: BoundedSemaphore, start: float, checked: Sequence[Checked], job: Job
) -> Pushed:
    """Build the image of a job, and push it when it has a slot; the times count from `start`."""
    request, name = job.request, job.request.target.name
    clock, began = site.clients.clock, site.clients.clock.monotonic()
    site.clients.progress.phase(name, "image")
    image = site.clients.effects.build_image(request)
    check_platform(site, nodes, request.target, image.platform)
    built = clock.monotonic()
    site.clients.progress.phase(name, "waits to push")
    with turns:
        turn = clock.monotonic()
        site.clients.progress.phase(name, "push")
        pushed = _push(site, request)
        stored = _read_back(site, request, pushed.digest)
    sent = clock.monotonic()
    evidence = None
    if site.project.build.evidence:
        site.clients.progress.phase(name, "evidence")
        said = evidence_request(site, request, stored, image, checked, sent - start)
        # Before the tag with its key: a run that reuses the image finds its evidence as well.
        evidence = site.clients.effects.attest(said)
    ended = clock.monotonic()
    site.clients.progress.phase(name, "done")
    timings = BuildTimings(
        maven=job.maven,
        image=built - began,
        push=sent - turn,
        ready=job.ready - start,
        began=began - start,
        ended=ended - start,
        bytes_pushed=pushed.bytes_pushed,
        size=image.size,
        stored=stored.size,
        layered=request.target.layers,
        builder=image.builder,
        because=image.because,
    )
    site.say(
        f"pushed {request.tag} as {pushed.digest[:19]}: image {timings.image:.1f} s, push {timings.push:.1f} s, "
        f"{pushed.bytes_pushed / 1e6:.1f} MB sent",
        name,
    )
    return Pushed(request, stored, timings, evidence)


def _push(site: Site, request: ImageRequest) -> PushedImage:
    """Push the image; if its immutable tag names an image with the same content key already, use that image.

    This happens after a run was killed right after its push: its image has the commit's tag, but no content tag yet.
    """
    try:
        return site.clients.effects.push(request)
    except TagTaken:
        there = site.clients.registry.stored(request.repository, request.tag)
        if not there or not request.key or site.clients.registry.key(there) != request.key:
            raise
        site.say("the tag exists already, with the same content: used as it is", request.target.name)
        return PushedImage(there.digest)


def _read_back(site: Site, request: ImageRequest, digest: str) -> StoredImage:
    """Read the pushed image from the registry: the engine's word is no proof. Refuse an index, which no scan takes."""
    stored = site.clients.registry.stored(request.repository, digest)
    where = f"{request.repository}@{digest}"
    if stored is None:
        raise PushFailed(
            "an image that was just pushed is not in the registry",
            where=where,
            next_step="look at the repository's lifecycle policy, then run again",
        )
    if not stored.is_single:
        raise PushFailed(
            "the registry has an index instead of an image",
            where=where,
            why=f"its media type is {stored.media_type}; neither the scan nor Lambda accepts it",
            next_step="set BUILDX_NO_DEFAULT_ATTESTATIONS=1, or use a base image for a single platform",
        )
    return stored


def _tag_with_key(site: Site, pushed: Pushed) -> None:
    """Tag the image with its key, so that later runs with the same files reuse it.

    The key of its content alone is for runs that cannot ask for the base image's digest.
    """
    key = pushed.request.key
    for name in dict.fromkeys((key, content_of(key)) if key else ()):
        # With immutable tags, a parallel run may have tagged its own image of the same content first.
        with suppress(TagTaken):
            site.clients.effects.tag(pushed.stored, f"{KEY_TAG}{name}")


def _built(pushed: Pushed) -> BuiltImage:
    request = pushed.request
    return BuiltImage(
        target=request.target.name,
        repository=request.repository,
        tag=request.tag,
        digest=pushed.stored.digest,
        commit=None if request.commit.endswith(DIRTY) else request.commit,
        timings=pushed.timings,
        evidence=pushed.evidence,
    )


def _reuse(site: Site, step: Step, plan: Plan) -> BuiltImage:
    """Reuse the image with the same content: only its manifest gets another tag."""
    assert step.image is not None
    tag = plan.tag_of(step)
    site.clients.effects.tag(step.image, tag)
    site.say(f"reused {step.image.digest[:19]} as {tag}, nothing was built", step.target.name)
    return BuiltImage(
        target=step.target.name,
        repository=step.image.repository,
        tag=tag,
        digest=step.image.digest,
        commit=site.clients.registry.revision(step.image),
        origin="reused",
        saved=step.image.size,
    )


def _running_image(step: Step) -> BuiltImage:
    running = step.running
    if running is None or not running.digest or not running.tag:
        raise VerificationFailed(
            "the running image is not in the registry any more",
            where=step.target.name,
            why=f"tag {running.tag}" if running else "nothing runs",
            next_step=f"rebuild it: change it, or run with a --base before its last change ({step.baseline.commit})",
        )
    return image_that_runs(running)


def image_that_runs(running: Running) -> BuiltImage:
    """What runs of a target, as an image to be cleared."""
    return BuiltImage(
        target=running.target,
        repository=running.repository,
        tag=running.tag,
        digest=running.digest,
        commit=running.commit,
        origin="running",
    )
