"""The keys of a plan's targets and of what a deployment changes, as JSON: parts of a run's report.

`scripts/report_schema.py` writes the published schema from these classes: their types, and what stands in their
docstrings.
"""

from typing import Annotated, Literal, TypedDict

from erp_build.model.change import BaselineSource
from erp_build.model.images.image import MadeBy
from erp_build.model.plan import Action
from erp_build.report.gate_types import Count, Digest

Seconds = Annotated[float, {"minimum": 0}]
"""With milliseconds."""


class BaselineDocument(TypedDict):
    """The commit that a target was compared with.

    Attributes:
        commit: the full commit; null: there was nothing to compare with, and all of the target counts as changed.
        source: where the commit comes from.
    """

    commit: str | None
    source: BaselineSource


class ReasonDocument(TypedDict):
    """Why a target has its action.

    Attributes:
        path: the changed file; null: no single file is the cause.
        rule: the rule that gives the file to the target, or the cause in words.
    """

    path: str | None
    rule: str


class StepDocument(TypedDict):
    """A target of a plan: what is done with it, compared with what, and why.

    Attributes:
        name: name of the target.
        kind: what it runs on; the chart is a target of its own.
        action: what is done with it.
        baseline: what it was compared with.
        because: the reasons; empty: nothing differs.
    """

    name: str
    kind: Literal["eks", "lambda", "chart"]
    action: Action
    baseline: BaselineDocument
    because: list[ReasonDocument]


class MakingDocument(TypedDict):
    """What it took to build the image. What lies between its parts is waiting for a turn.

    Attributes:
        maven: seconds that its jar took.
        image: seconds that the image took.
        push: seconds that the push took.
        ready: when the jar was complete, in seconds since the stage began.
        began: when the image was begun, in seconds since the stage began; before it, it waited for a turn.
        ended: when the push was over, in seconds since the stage began.
        sent: bytes that the push sent; an engine counts them before compression.
        size: bytes in the engine; without an engine the compressed ones.
        stored: bytes in the registry, compressed.
        layered: whether the jar's dependencies are a layer of their own.
        builder: what made the image: none of an engine, or one of its two builders; empty: not known.
        because: why an engine made it, one reason a line; empty: none did.
    """

    maven: Seconds
    image: Seconds
    push: Seconds
    ready: Seconds
    began: Seconds
    ended: Seconds
    sent: Count
    size: Count
    stored: Count
    layered: bool
    builder: MadeBy
    because: str


class ImageEvidenceDocument(TypedDict):
    """SBOM and provenance of an image, as artifacts that name it as their subject.

    Attributes:
        sbom: digest of the artifact with the bill of materials; null: there is none.
        provenance: digest of the artifact with the statement about how the image was made; null: there is none.
        verified: whether both were read back and compared with the image, as far as they are there.
        missing: what is not there and is not required; null: both are there.
    """

    sbom: Digest
    provenance: Digest
    verified: bool
    missing: str | None


class TargetDocument(StepDocument):
    """A target of the plan, and what became of it. What the run did not come to is null.

    Attributes:
        name: name of the target.
        kind: what it runs on; the chart is a target of its own.
        action: what is done with it.
        baseline: what it was compared with.
        because: the reasons; empty: nothing differs.
        left_out: whether it differs and stays as it runs, because it was not chosen.
        built: digest of the image that the registry has.
        scanned: digest that was scanned and cleared.
        running: digest that runs, read back after the deployment.
        units: pods or functions that run it.
        findings: severity -> number of findings of the image that was cleared.
        tag_before: image tag that ran before the deployment.
        tag_after: image tag that the deployment names.
        origin: where the image comes from; running: it ran before and is deployed again.
        seconds: Maven, image and push together.
        making: what it took to build the image; null: it was there already.
        saved: compressed bytes of a reused image, which was neither built nor sent.
        evidence: what lies beside the image in the registry; null: the project has none, or the run did not come to it.
    """

    left_out: bool
    built: Digest
    scanned: Digest
    running: Digest
    units: int | None
    findings: dict[str, Count] | None
    tag_before: str | None
    tag_after: str | None
    origin: Literal["built", "reused", "running"] | None
    seconds: float | None
    making: MakingDocument | None
    saved: int | None
    evidence: ImageEvidenceDocument | None


class ApprovalDocument(TypedDict):
    """A manual approval of the pipeline's execution that the run belongs to.

    Attributes:
        action: name of the action in the pipeline.
        by: who answered, an ARN or a name; empty: CodePipeline does not say.
        at: when, ISO 8601, UTC.
        summary: what was written with the answer; empty: nothing.
    """

    action: str
    by: str
    at: str
    summary: str


class SavedPlanDocument(TypedDict):
    """The saved plan that the run does, or that it has written.

    Attributes:
        digest: of what the file says.
        stage: how far it is done; cleared: every image is in the registry and has passed the gate.
        made: when, ISO 8601, UTC.
        build: the build that made it; null: none of CodeBuild.
        link: address of that build; null: not known.
        approvals: who approved it, as far as a pipeline says.
    """

    digest: str
    stage: Literal["planned", "cleared"]
    made: str
    build: str | None
    link: str | None
    approvals: list[ApprovalDocument]


class FieldDocument(TypedDict):
    """A field of an object that changes.

    Attributes:
        path: where the field stands in the object.
        before: its value before; null: it is not there.
        after: its value after; null: it is not there any more.
    """

    path: str
    before: str | None
    after: str | None


class ObjectDocument(TypedDict):
    """An object of the release that changes.

    Attributes:
        kind: its kind in Kubernetes.
        name: its name.
        change: what becomes of it.
        fields: the fields that change.
    """

    kind: str
    name: str
    change: Literal["added", "removed", "changed"]
    fields: list[FieldDocument]


class WantedImageDocument(TypedDict):
    """An image that the deployment needs.

    Attributes:
        target: name of the target.
        how: whether it is built anew, reused by its content, or kept as it runs.
        name: repository:tag.
    """

    target: str
    how: Literal["build", "reuse", "keep"]
    name: str


class UnprobedDocument(TypedDict):
    """A workload that changes and has no readiness probe.

    Attributes:
        name: name of the service, or kind and name of another object.
        seconds: for how long it is watched after all is ready.
    """

    name: str
    seconds: Seconds


class MigrationDocument(TypedDict):
    """What runs once with the deployment, and a rollback does not undo.

    Attributes:
        name: kind and name of the object that runs it, or the target that runs it at its start.
        how: hook of Helm; object of the release that is new or differs; start of a target whose migration files differ.
        detail: the events of the hook, or the files; empty: nothing more to say.
    """

    name: str
    how: Literal["hook", "object", "start"]
    detail: str


class ChangesDocument(TypedDict):
    """What the deployment changes, or would.

    Attributes:
        values: unified diff of the values file without lines around it; empty: nothing changes.
        objects: what changes in the release; Secrets are left out.
        images: what is deployed, in the order of the plan.
        by_tag: why the release names its images by tag alone; empty: by digest, or no release is upgraded.
        unprobed: what changes and has no readiness probe.
        migrations: what runs once with the deployment, and a rollback does not undo.
    """

    values: str
    objects: list[ObjectDocument]
    images: list[WantedImageDocument]
    by_tag: str
    unprobed: list[UnprobedDocument]
    migrations: list[MigrationDocument]
