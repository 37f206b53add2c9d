"""What a caller of a run may choose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from erp_build.formats.frozen_plan import SealedPlan
from erp_build.model.project import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options of a run.

    Attributes:
        variables: environment variables; CodeBuild describes the source in them.
        base, head: revisions to use instead of those that detection finds.
        strict: stop when a baseline is in doubt, instead of building more.
        allow_older: deploy even where a newer commit is live.
        wait_for_lock: seconds to wait for another run.
        replace_cut_off_install: remove a release whose first installation was cut off.
        rebuild: names of services and functions that are built anew although their content has an image.
        stale: also build anew each whose base has moved, or that runs with a finding that has a fix.
        refresh: of a saved plan, names of those that it builds on the base images of now.
        only, without: names of the targets that may be deployed (empty: all), and of those that may not; what is left
            out stays as it runs.
        until: where the run ends: `cleared` leaves it with a plan of what would be deployed, and deploys nothing.
        saved: the plan to be done, exactly so or not at all; None: the plan is made now.
        seconds: target -> what its image took in a former run, as far as that is known; workers are shared out by it.
        uncommitted: of several units, what of the checkout its commit does not have, in words, asked before the first
            of them writes its values file; None: the run asks by itself.
        units: of several units the names of all; a run knows its own by itself.
        builds_of_all: of several releases the builds of all that workers could make; a run counts them by itself.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None
    head: str | None = None
    strict: bool = False
    allow_older: bool = False
    wait_for_lock: float = 0.0
    replace_cut_off_install: bool = False
    rebuild: tuple[str, ...] = ()
    stale: bool = False
    refresh: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    until: Literal["proven", "cleared"] = "proven"
    saved: SealedPlan | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    uncommitted: str | None = None
    units: tuple[str, ...] = ()
    builds_of_all: int = 0

    def of_unit(self, unit: Project) -> "Options":
        """The same for one of several releases or functions: without the names of targets that are another one's."""
        names = {target.name for target in unit.targets}

        def own(given: Iterable[str]) -> tuple[str, ...]:
            return tuple(name for name in given if name in names)

        rebuilt = replace(self, rebuild=own(self.rebuild), refresh=own(self.refresh))
        return replace(rebuilt, only=own(self.only), without=own(self.without))
