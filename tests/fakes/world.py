"""A whole world in memory around a real Git repository: what a run reads and changes."""

import copy
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Self

from erp_build.build.evidence.store import EvidenceStore
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import Journal
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.patience import Patience
from erp_build.clients.protocols import Clients
from erp_build.clients.rehearsal.clients import rehearsed
from erp_build.clients.secrets import Secrets
from erp_build.clients.site import Site, open_site
from erp_build.errors import Failure
from erp_build.model.effect import EffectKind, EffectState
from erp_build.model.project import DeployPolicy
from erp_build.model.stages.hooks import Pipeline
from erp_build.pipeline import build, run
from erp_build.run_options import Options
from erp_build.run_record import Run, RunReport
from erp_build.wiring import asked_patiently
from tests.fakes.account import (
    FakeAlarms,
    FakeApprovals,
    FakeAssembly,
    FakeIdentity,
    FakeParameters,
    FakeProgress,
    FakeTraces,
)
from tests.fakes.cluster import FakeCluster
from tests.fakes.deployments import Deployments
from tests.fakes.effects import FakeEffects
from tests.fakes.fleet import FakeFleet
from tests.fakes.functions import FakeFunctions
from tests.fakes.health import FakeHealth
from tests.fakes.helm import FakeHelm, values_text
from tests.fakes.leases import FakeLeases
from tests.fakes.logs import FakeLogGroups
from tests.fakes.registry import HOST, FakeRegistry
from tests.support.git import Checkout
from tests.support.samples import CHART, ERP

FUNCTION = ERP.functions[0].function
FUNCTION_REPOSITORY = f"erp/{ERP.functions[0].repository}"
PATHS = {target.name: target.path for target in ERP.targets}


def sources() -> dict[str, str]:
    """The files of an ERP repository, small."""
    values = {service.values_key.partition(".")[2]: f"{HOST}/erp/{service.repository}" for service in ERP.services}
    files = {f"{target.path}/src/App.java": f"class App {{ /* {target.name} */ }}\n" for target in ERP.image_targets}
    also = {"backend/proto/a.proto": "", "README.md": "ERP\n"}
    return {**files, "helm-chart/values-dev.yaml": values_text(values), **also}


class Killed(BaseException):
    """The process is gone."""


class KillingJournal(Journal):
    """A journal that kills its run at a call of an effect."""

    def __init__(self, effect: str, number: int, when: str) -> None:
        super().__init__()
        self._effect, self._left, self._when = effect, number, when

    @contextmanager
    def note(self, name: EffectKind, target: str, state: EffectState = "performed") -> Iterator[None]:
        self._left -= name == self._effect
        now = name == self._effect and self._left == 0
        if now and self._when == "before":
            raise Killed(f"before {name}")
        with super().note(name, target, state):
            yield
        if now:
            raise Killed(f"after {name}")


class FakeWorld:
    """The account of a new project: repositories, a function that was made by hand, no release, no service.

    Args:
        checkout: a repository with `sources()`.

    `uncommitted` is what lies in the checkout of a run without being committed: path -> text.
    """

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.clock = SimulatedClock()
        self.registry = FakeRegistry(f"erp/{target.repository}" for target in ERP.image_targets)
        self.registry.now = self._now
        self.functions = FakeFunctions()
        deployments = Deployments(self.clock)
        self.cluster = FakeCluster(deployments, self.registry)
        self.helm = FakeHelm(deployments)
        self.leases = FakeLeases(self.clock)
        self.effects = FakeEffects(self.registry, self.functions, self.helm, self.leases)
        self.fleet = self.effects.fleet = FakeFleet(self.clock, self.registry)
        self.parameters = FakeParameters()
        self.identity, self.assembly = FakeIdentity(), FakeAssembly()
        self.alarms, self.health = FakeAlarms(), FakeHealth()
        self.approvals = FakeApprovals()
        self.log_groups = FakeLogGroups()
        self.traces = FakeTraces()
        self.progress = FakeProgress()
        self.secrets = Secrets()
        self.project = ERP
        self.pipeline = Pipeline()
        self.uncommitted: dict[str, str] = {}
        self.killed: tuple[str, int, str] | None = None
        self.report = RunReport()
        by_hand = self.registry.push(FUNCTION_REPOSITORY, "by-hand", None)
        self.functions.create(FUNCTION, f"{HOST}/{FUNCTION_REPOSITORY}:by-hand", by_hand)

    def _now(self) -> datetime:
        """The time of the clock that the world has at the moment; a test may give it another one."""
        return self.clock.now()

    def is_killed(self, effect: str, number: int, when: str) -> None:
        """The next runs are killed `before` or `after` a call of an effect, and leave their lock behind."""
        self.killed = (effect, number, when)

    def beside(self, folder: Path, commit: str) -> "FakeWorld":
        """The same world as another run sees it, with a checkout of its own at a commit."""
        other = copy.copy(self)
        other.checkout = Checkout(Path(shutil.copytree(self.root, folder)))
        other.checkout.git("reset", "--quiet", "--hard", commit)
        other.effects, other.progress = copy.copy(self.effects), FakeProgress()
        return other

    def copy_to(self, folder: Path) -> Self:
        """The same world with a repository of its own."""
        other = copy.deepcopy(self)
        other.checkout = Checkout(Path(shutil.copytree(self.root, folder)))
        return other

    @property
    def root(self) -> Path:
        return self.checkout.root

    @property
    def values(self) -> Path:
        return self.root / "helm-chart" / "values-dev.yaml"

    def keeps_failures(self) -> None:
        """A deployment that fails is left as it is."""
        self.project = self.project._replace(deploy=DeployPolicy(on_failure="keep"))

    def clients(self) -> Clients:
        """The live clients, as `wiring` joins them."""
        return asked_patiently(self.bare_clients())

    def bare_clients(self) -> Clients:
        """The clients that ask once."""
        return Clients(
            repository=GitRepository(self.root),
            parameters=self.parameters,
            identity=self.identity,
            registry=self.registry,
            evidence=EvidenceStore(lambda: self.registry.artifacts),
            fleet=self.fleet,
            functions=self.functions,
            cluster=self.cluster,
            leases=self.leases,
            alarms=self.alarms,
            approvals=self.approvals,
            log_groups=self.log_groups,
            traces=self.traces,
            health=self.health,
            helm=self.helm,
            assembly=self.assembly,
            effects=self.effects,
            patience=Patience(self.clock, self.progress.say),
            clock=self.clock,
            progress=self.progress,
            secrets=self.secrets,
        )

    def site(self, clients: Clients | None = None) -> Site:
        """Where the stages work, with the clients of a run or with others."""
        return open_site(self.project, clients or self.clients())

    def rehearsal(self) -> Clients:
        """The clients of a rehearsal, as `wiring` joins them."""
        return rehearsed(self.clients(), self.effects.journal)

    def run(self, options: Options | None = None) -> RunReport:
        """One run of a fresh checkout; it raises what the run raises, and `report` holds what is known of it."""
        return self._run(run, options or Options(), rehearse=False)

    def build(
        self,
        *only: str,
        rebuild: tuple[str, ...] = (),
        rehearse: bool = False,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> RunReport:
        """One `build` of a fresh checkout; without names of every image."""
        names = only or tuple(target.name for target in self.project.image_targets)
        return self._run(
            partial(build, only=names),
            Options(rebuild=rebuild, variables=variables),
            rehearse=rehearse,
            images_only=True,
        )

    def rehearse(self, options: Options | None = None) -> RunReport:
        """One rehearsal of a fresh checkout."""
        return self._run(run, options or Options(), rehearse=True)

    def change(self, *names: str, text: str = "changed") -> str:
        """Commit a change of some targets; returns the commit."""
        changed = {name: "templates/hpa.yaml" if name == CHART else "src/App.java" for name in names}
        return self.commit({f"{PATHS[name]}/{file}": f"{text}\n" for name, file in changed.items()})

    def commit(self, files: dict[str, str]) -> str:
        """Commit these files, and nothing that a run left behind; returns the commit."""
        self._freshen()
        return self.checkout.commit(files)

    def revert(self) -> str:
        """Commit the undoing of the last commit."""
        self._freshen()
        self.checkout.git("revert", "--no-edit", "HEAD")
        return self.checkout.head()

    def actions(self) -> dict[str, str]:
        """Target -> action, of the last plan, for those that are not left alone."""
        assert self.report.plan is not None
        return {step.target.name: step.action for step in self.report.plan.steps if step.action != "none"}

    def done(self) -> list[str]:
        """The effects of the last run in their order, as `verb target`."""
        return [f"{effect.name} {effect.target}" for effect in self.effects.journal.effects]

    def verbs(self) -> list[str]:
        """The effects of the last run without what they were done to."""
        return [effect.name for effect in self.effects.journal.effects]

    def moved(self) -> set[str]:
        """The verbs of the last run that changed something that runs; `latest` counts."""
        kinds = [effect.name for effect in self.effects.journal.effects]
        return {kind for kind in kinds if kind.moves_what_runs or kind is EffectKind.WRITE_FILE} | {
            effect for effect in self.done() if effect.endswith(":latest")
        }

    def latest(self) -> dict[str, str]:
        """Repository -> the digest that `latest` names."""
        return {repository: digest for (repository, tag), digest in self.registry.tags.items() if tag == "latest"}

    def seconds(self, stage: str) -> float:
        """How long a stage of the last run took."""
        return next(one.seconds for one in self.report.stages if one.name == stage)

    def _run(
        self, work: Callable[..., RunReport], options: Options, *, rehearse: bool, images_only: bool = False
    ) -> RunReport:
        self._freshen()
        for path, text in self.uncommitted.items():
            self.checkout.write(path, text)
        self.effects.journal = KillingJournal(*self.killed) if self.killed else Journal()
        self.progress.lines.clear()
        going_on = self._new_run(rehearsal=rehearse, images_only=images_only)
        try:
            return work(self.project, self.rehearsal() if rehearse else self.clients(), options, going_on)
        except Failure as error:
            going_on.keep(error=error)
            raise
        except Killed:
            # Nobody has freed the lock or written down an end.
            self.leases.is_held(alive=False)
            raise
        finally:
            self.report = going_on.report()

    def _new_run(self, *, rehearsal: bool, images_only: bool) -> Run:
        effects = self.effects.journal.effects
        return Run(
            clock=self.clock,
            on_stage=self.progress.stage,
            pipeline=self.pipeline,
            rehearsal=rehearsal,
            images_only=images_only,
            effects=effects,
        )

    def _freshen(self) -> None:
        """The files as they are committed: an earlier run leaves its tags in the values file."""
        if (self.root / ".git").exists():
            self.checkout.git("reset", "--quiet", "--hard")
