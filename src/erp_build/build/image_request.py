"""From a step of the plan to what an image is built from and how it is named."""

from erp_build.clients.effects import ImageRequest
from erp_build.clients.site import Site
from erp_build.model.commit import DIRTY
from erp_build.model.plan import Plan, Step
from erp_build.model.project import Chart


def image_request(site: Site, step: Step, plan: Plan) -> ImageRequest:
    """What is asked for where a step builds."""
    target = step.target
    assert not isinstance(target, Chart)
    return ImageRequest(
        target=target,
        repository=site.repository(target),
        tag=plan.tag_of(step),
        # An image of other files than the commit's must name no commit, or the next run would compare with that one.
        commit=f"{plan.head}{DIRTY}" if step.is_dirty else plan.head,
        key=step.key,
        bases=step.bases,
    )
