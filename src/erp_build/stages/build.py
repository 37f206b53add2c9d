"""Building: Maven, image, push; and the images that already run, for what is only redeployed."""

from erp_build.config.environment import Environment
from erp_build.domain.image import BuiltImage
from erp_build.domain.key import KEY_TAG
from erp_build.domain.plan import Plan, Step
from erp_build.domain.project import Chart, Function, Service
from erp_build.errors import PushFailed, VerificationFailed
from erp_build.stages.fan_out import fan_out
from erp_build.tools.effects import ImageRequest
from erp_build.tools.toolbox import Tools

MAVENS_AT_ONCE = 1
"""Two Mavens on two cores take as long as one after the other, and corrupt a shared ~/.m2 before Maven 3.9."""

IMAGES_AT_ONCE = 2


def build_images(tools: Tools, environment: Environment, plan: Plan) -> tuple[BuiltImage, ...]:
    """Make every image that the plan deploys: those to build, and those that run already."""
    requests = [_request(step.target, environment, plan) for step in plan.builds]
    maven_seconds = fan_out(lambda request: _package(tools, request), requests, MAVENS_AT_ONCE)
    timed = list(zip(requests, maven_seconds, (step.key for step in plan.builds), strict=True))
    built = fan_out(lambda item: _build_and_push(tools, *item), timed, IMAGES_AT_ONCE)
    reused = (_reuse(tools, step, plan) for step in plan.reuses)
    return (*built, *reused, *(_running_image(step) for step in plan.redeploys))


def _request(target: Service | Function | Chart, environment: Environment, plan: Plan) -> ImageRequest:
    assert not isinstance(target, Chart)
    return ImageRequest(
        target=target, repository=environment.repository(target.repository), tag=plan.tag, commit=plan.head
    )


def _package(tools: Tools, request: ImageRequest) -> float:
    start = tools.clock.monotonic()
    tools.effects.package(request.target)
    seconds = tools.clock.monotonic() - start
    tools.progress.say(f"jar made in {seconds:.1f} s", request.target.name)
    return seconds


def _build_and_push(tools: Tools, request: ImageRequest, seconds: float, key: str) -> BuiltImage:
    start = tools.clock.monotonic()
    tools.effects.build_image(request)
    digest = tools.effects.push(request)
    if key:
        _tag_with_key(tools, request, digest, key)
    seconds += tools.clock.monotonic() - start
    tools.progress.say(f"pushed {request.tag} as {digest[:19]}, {seconds:.1f} s in all", request.target.name)
    return BuiltImage(
        target=request.target.name,
        repository=request.repository,
        tag=request.tag,
        digest=digest,
        commit=request.commit,
        seconds=seconds,
    )


def _tag_with_key(tools: Tools, request: ImageRequest, digest: str, key: str) -> None:
    """Let the image be found by its content: whoever has the same files later takes this one."""
    stored = tools.registry.stored(request.repository, digest)
    if stored is None:
        raise PushFailed(
            "an image that was just pushed is not in the registry",
            where=f"{request.repository}@{digest}",
            next_step="look at the repository's lifecycle policy, then run again",
        )
    tools.effects.tag(stored, f"{KEY_TAG}{key}")


def _reuse(tools: Tools, step: Step, plan: Plan) -> BuiltImage:
    """Take the image that has this content already: only its manifest gets another tag."""
    assert step.image is not None
    start = tools.clock.monotonic()
    tools.effects.tag(step.image, plan.tag)
    tools.progress.say(f"reused {step.image.digest[:19]} as {plan.tag}, nothing was built", step.target.name)
    return BuiltImage(
        target=step.target.name,
        repository=step.image.repository,
        tag=plan.tag,
        digest=step.image.digest,
        commit=tools.registry.revision(step.image),
        origin="reused",
        seconds=tools.clock.monotonic() - start,
    )


def _running_image(step: Step) -> BuiltImage:
    running = step.running
    if running is None or not running.digest or not running.tag:
        raise VerificationFailed(
            "the running image is not in the registry any more",
            where=step.target.name,
            why=f"tag {running.tag}" if running else "nothing runs",
            next_step=f"build it anew: change it, or run with --base before its last change ({step.baseline.commit})",
        )
    return BuiltImage(
        target=step.target.name,
        repository=running.repository,
        tag=running.tag,
        digest=running.digest,
        commit=running.commit,
        origin="running",
    )
