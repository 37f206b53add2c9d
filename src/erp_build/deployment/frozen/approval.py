"""Who approved a saved plan, as the pipeline says that this build belongs to."""

from collections.abc import Mapping

from erp_build.clients.site import Site
from erp_build.config.codebuild import pipeline_that_started
from erp_build.errors import ErpBuildError
from erp_build.formats.frozen_plan import SealedPlan
from erp_build.model.codepipeline import Approval
from erp_build.model.stages.stage import stage

EXECUTION = "ERP_BUILD_PIPELINE_EXECUTION"
"""The variable with the id of the pipeline's execution: CodeBuild does not say it by itself."""

SHOWN_OF_DIGEST = len("sha256:") + 12


@stage("reads only: CodePipeline", keeps="approvals")
def read_approvals(site: Site, variables: Mapping[str, str], made: str) -> tuple[Approval, ...]:
    """Read who approved; none where no pipeline started the build, or nobody says. This never ends a run.

    Args:
        site: where it is deployed.
        variables: of the environment.
        made: when the plan was made, ISO 8601, UTC; whoever approved before has not seen it.
    """
    pipeline, execution = pipeline_that_started(variables), variables.get(EXECUTION, "")
    if not pipeline:
        return ()
    if not execution:
        site.say(f"who approved is not known: {EXECUTION} is not set; give it #{{codepipeline.PipelineExecutionId}}")
        return ()
    try:
        found = site.clients.approvals.given(pipeline, execution)
    except ErpBuildError as error:
        site.say(f"who approved is not known: {error.what}: {error.why}".strip(": "))
        return ()
    # Both are times of AWS in the same form.
    given = tuple(one for one in found if one.at >= made)
    for one in found:
        site.say(f"approved by {one}" if one in given else f"not an approval of this plan, which was made later: {one}")
    if not given:
        site.say(f"nobody approved this plan: execution {execution} of {pipeline} has no approval since {made}")
    return given


def approved_text(saved: SealedPlan | None, approvals: tuple[Approval, ...]) -> str:
    """What the ledger says of the plan that was done, and of who approved it; empty: no plan was saved before."""
    if saved is None:
        return ""
    by = f", approved by {'; '.join(map(str, approvals))}" if approvals else ""
    return f"plan {saved.digest[:SHOWN_OF_DIGEST]}{by}"
