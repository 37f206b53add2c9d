"""A frozen plan: what a run may do, and all that must not have moved until it does it."""

from dataclasses import dataclass, replace
from typing import Literal

from erp_build.model.environment import Place
from erp_build.model.plan import Action
from erp_build.model.releases.preview import Preview


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenFinding:
    """A finding of an image that was cleared.

    Attributes:
        name: its identifier, such as CVE-2021-44228.
        severity: in capitals, as the scan says it.
        packages: the packages that have it; empty where the scan names none.
    """

    name: str
    severity: str
    packages: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For the reader."""
        return f"{self.name} {self.severity} ({', '.join(self.packages) or 'no package named'})"


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenRunning:
    """What ran of a target when the plan was made.

    Attributes:
        tag: of its image; empty: it runs by digest.
        digest: of its image; of a function with an alias, what the alias led to; empty: the registry had it no more.
        latest: the digest that the tag `latest` named; empty: none.
        trouble: of a function, why it is not as its last deployment left it, such as an alias that is behind; empty:
            nothing, or it is a service, whose pods come and go.
    """

    tag: str
    digest: str
    latest: str = ""
    trouble: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenTarget:
    """A target of the plan.

    Attributes:
        name: of the target.
        kind: what it runs on; the chart is a target of its own.
        action: what is done with it.
        chosen: whether it may be deployed.
        baseline: the full commit that it was compared with; empty: nothing.
        source: where that commit comes from.
        because: the reasons, a line each.
        running: what ran of it; null: nothing.
        key: its content key; empty: it has none, or needs none.
        tag: of its new image; empty: it gets none.
        image: digest of its new image; empty: it gets none, or it is not built yet.
        findings: of its image, where the gate has cleared it.
    """

    name: str
    kind: Literal["eks", "lambda", "chart"]
    action: Action
    chosen: bool = True
    baseline: str = ""
    source: str = "none"
    because: tuple[str, ...] = ()
    running: FrozenRunning | None = None
    key: str = ""
    tag: str = ""
    image: str = ""
    findings: tuple[FrozenFinding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenUnit:
    """A unit of the plan, with everything that is deployed together: a release, or a function by itself.

    Attributes:
        name: of its chart, or of its one function.
        where: the release and its namespace, or the function.
        kind: which of the two it is.
        settings: digest of the project's settings for it, without the gate's.
        revision: number of the release's newest revision; null: it is not installed, or is a function.
        status: of that revision, in Helm's word; empty: there is none.
        updated: when that revision was made; the numbers begin anew after an uninstallation.
        targets: in the order of the configuration, the chart of a release last.
        changes: what the deployment changes; null: there is nothing to do.
    """

    name: str
    where: str
    kind: Literal["release", "function"] = "release"
    settings: str = ""
    revision: int | None = None
    status: str = ""
    updated: str = ""
    targets: tuple[FrozenTarget, ...] = ()
    changes: Preview | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return all(target.action == "none" for target in self.targets)


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenWaiver:
    """A row of the waiver file.

    Attributes:
        id: of the finding.
        packages: that it is waived for.
        reason: why it may pass.
        owner: who answers for it.
        until: the last day on which it counts, ISO 8601.
        counts: whether it counted on the day of the plan.
    """

    id: str
    packages: tuple[str, ...]
    reason: str
    owner: str
    until: str
    counts: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenSetting:
    """A setting of the gate's policy.

    Attributes:
        name: of the setting.
        value: as text.
    """

    name: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenChoice:
    """What the caller asked for; a run of the plan asks for the same.

    Attributes:
        base: the revision that everything is compared with; empty: what runs.
        only: the targets that may be deployed; empty: all.
        without: the targets that may not.
        rebuild: the targets that are built anew although their content has an image.
        refresh: the targets that are built on the base images of now, where no image has that key yet.
        allow_older: whether a newer commit may be replaced.
    """

    base: str = ""
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    rebuild: tuple[str, ...] = ()
    refresh: tuple[str, ...] = ()
    allow_older: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenPlan:
    """A plan that a later run does exactly so, or not at all.

    Attributes:
        program: version of erp_build that made it.
        made: when, ISO 8601, UTC.
        build: the build that made it; empty: none of CodeBuild.
        link: address of that build; empty: not known.
        place: where it deploys to.
        head: the full commit that is deployed.
        tree: Git's id of that commit's tree; empty: there is no repository.
        stage: how far it is done; cleared: every image is in the registry and has passed the gate.
        choice: what the caller asked for.
        policy: the gate's settings.
        waivers: the rows of the waiver file.
        units: in the order of a run.
    """

    program: str
    made: str
    place: Place
    head: str
    tree: str
    stage: Literal["planned", "cleared"]
    build: str = ""
    link: str = ""
    choice: FrozenChoice = FrozenChoice()
    policy: tuple[FrozenSetting, ...] = ()
    waivers: tuple[FrozenWaiver, ...] = ()
    units: tuple[FrozenUnit, ...] = ()

    def beside(self, other: "FrozenPlan") -> "FrozenPlan":
        """This plan and that of further units of the same commit."""
        return replace(self, units=(*self.units, *other.units))

    def unit(self, name: str) -> FrozenUnit | None:
        """The unit of a chart or function; None: the plan has none of this name."""
        return next((one for one in self.units if one.name == name), None)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return all(unit.is_empty for unit in self.units)
