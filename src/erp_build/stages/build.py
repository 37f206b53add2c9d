"""Building: Maven, image, push; and the images that already run, for what is only redeployed."""

from erp_build.config.environment import Environment
from erp_build.domain.image import BuiltImage
from erp_build.domain.plan import Plan, Step
from erp_build.domain.project import Chart, Function, Service
from erp_build.errors import VerificationFailed
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
    timed = list(zip(requests, maven_seconds, strict=True))
    built = fan_out(lambda pair: _build_and_push(tools, *pair), timed, IMAGES_AT_ONCE)
    return (*built, *(_running_image(step) for step in plan.redeploys))


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


def _build_and_push(tools: Tools, request: ImageRequest, seconds: float) -> BuiltImage:
    start = tools.clock.monotonic()
    tools.effects.build_image(request)
    digest = tools.effects.push(request)
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
