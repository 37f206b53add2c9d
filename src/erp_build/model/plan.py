"""The plan: for each target one action, and why."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from erp_build.model.change import Baseline
from erp_build.model.project import Chart, Function, Service, Target

if TYPE_CHECKING:
    from erp_build.model.images.image import StoredImage
    from erp_build.model.releases.release import Revision
else:
    # A plan loads neither. An annotation in quotes would be compiled at each start, which takes two milliseconds.
    StoredImage = Revision = object

KINDS = ("eks", "lambda", "chart")
"""Kinds of targets, in the order of a plan."""

Action = Literal["build", "reuse", "redeploy", "none"]

EDITED = "edited by hand: "
"""How a reason begins that the next upgrade of the release repairs."""


class Running(NamedTuple):
    """What runs of a target now; `commit` is None if the image names none, `trouble` is empty if it is healthy.

    `key` is the content key of the image's label, empty if it has none. `unprobed` tells of a service whose Deployment
    has no readiness probe. `latest` is the digest that the tag `latest` names, empty if it names none.
    """

    target: str
    repository: str
    tag: str
    digest: str
    commit: str | None = None
    trouble: str = ""
    key: str = ""
    unprobed: bool = False
    latest: str = ""

    @property
    def tag_or_digest(self) -> str:
        """How the deployment names the image."""
        return self.tag or self.digest


class LiveState(NamedTuple):
    """What runs now, read from the cluster and from Lambda.

    Attributes:
        running: target name -> what runs of it; a target that does not run at all is missing.
        revision: the newest revision of the release, None before the first.
        chart_commit: the commit whose chart is deployed, None when the release does not say.
        chart_key: the content key of that chart, empty when the release does not say.
        chart_edits: what an upgrade repairs: objects that were edited by hand, Deployments of services apart, and an
            upgrade that was cut off behind a part of its hooks.
        chart_drift: every difference of these objects from the release.
    """

    running: Mapping[str, Running] = MappingProxyType({})
    revision: Revision | None = None
    chart_commit: str | None = None
    chart_key: str = ""
    chart_edits: tuple[str, ...] = ()
    chart_drift: tuple[str, ...] = ()


LEFT_OUT = "left out by"
"""How the first reason begins of a target that differs and was not chosen; the option follows."""


class Reason(NamedTuple):
    """Why a target has its action; `path` is None where no single file is the cause."""

    rule: str
    path: str | None = None


class Step(NamedTuple):
    """One target of the plan.

    Attributes:
        target, action, because: what is done with it, and why.
        baseline: what it was compared with.
        running: what runs of it now; None: nothing, or not read.
        key: its content key; empty: not computed, or nobody can tell that the checkout is what the commit has.
        image: for `reuse`, the image in the registry that has this key.
        tag: of its new image, where that is another than the plan's; empty: the plan's.
        is_dirty: whether the files that it is made of are not those of the plan's commit.
        bases: (name in the Dockerfile, digest) of its base images, as far as their registries said.
        chosen: whether the run may deploy it; `--only` and `--except` choose.
    """

    target: Target
    action: Action
    baseline: Baseline
    because: tuple[Reason, ...] = ()
    running: Running | None = None
    key: str = ""
    image: StoredImage | None = None
    tag: str = ""
    is_dirty: bool = False
    bases: tuple[tuple[str, str], ...] = ()
    chosen: bool = True

    @property
    def is_left_out(self) -> bool:
        """Whether something of its own differs, and stays as it runs because it was not chosen."""
        return not self.chosen and bool(self.because) and self.because[0].rule.startswith(LEFT_OUT)


class Plan(NamedTuple):
    """What a run does; `tag` is the first seven hex digits of `head`."""

    head: str
    steps: tuple[Step, ...]
    unowned: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def beside(self, other: "Plan") -> "Plan":
        """This plan and that of another unit of the same commit: services, functions, then the charts.

        What a plan calls nobody's may be the other one's.
        """
        steps = sorted((*self.steps, *other.steps), key=lambda step: KINDS.index(step.target.kind))
        owned = {reason.path for step in steps for reason in step.because}
        nobodys = dict.fromkeys(path for path in (*self.unowned, *other.unowned) if path not in owned)
        warnings = tuple(dict.fromkeys((*self.warnings, *other.warnings)))
        return self._replace(steps=tuple(steps), unowned=tuple(sorted(nobodys)), warnings=warnings)

    @property
    def tag(self) -> str:
        """The image tag of everything that this plan builds."""
        return self.head[:7]

    def tag_of(self, step: Step) -> str:
        """The tag of the image that a step builds or reuses."""
        return step.tag or self.tag

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return all(step.action == "none" for step in self.steps)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names of the targets that differ and stay as they run, because they were not chosen."""
        return tuple(step.target.name for step in self.steps if step.is_left_out)

    @property
    def unchosen(self) -> tuple[str, ...]:
        """The names of all targets that were not chosen, whether or not they differ."""
        return tuple(step.target.name for step in self.steps if not step.chosen)

    @property
    def builds(self) -> tuple[Step, ...]:
        """The steps that need an image."""
        return tuple(step for step in self.steps if step.action == "build")

    @property
    def reuses(self) -> tuple[Step, ...]:
        """The steps whose image is in the registry already, under another tag."""
        return tuple(step for step in self.steps if step.action == "reuse")

    @property
    def redeploys(self) -> tuple[Step, ...]:
        """The services that are deployed again with the image that they run."""
        return tuple(step for step in self.steps if step.action == "redeploy" and not isinstance(step.target, Chart))

    @property
    def services(self) -> tuple[Step, ...]:
        """The steps of EKS services, unchanged ones too: an upgrade writes the tags of all of them."""
        return tuple(step for step in self.steps if isinstance(step.target, Service) and (step.chosen or step.running))

    @property
    def absent(self) -> tuple[Service, ...]:
        """The services that do not run and were not chosen: an upgrade must not bring them."""
        return tuple(
            step.target for step in self.steps if isinstance(step.target, Service) and not (step.chosen or step.running)
        )

    @property
    def functions(self) -> tuple[Step, ...]:
        """The steps of Lambda functions that get a new image."""
        return tuple(step for step in (*self.builds, *self.reuses) if isinstance(step.target, Function))

    @property
    def upgrades_for_chart(self) -> bool:
        """Whether the chart itself differs, so that every EKS service is deployed again."""
        return any(step.action != "none" for step in self.steps if isinstance(step.target, Chart))

    @property
    def upgrades_release(self) -> bool:
        """Whether the Helm release gets a new revision."""
        return any(step.action != "none" for step in self.steps if not isinstance(step.target, Function))
