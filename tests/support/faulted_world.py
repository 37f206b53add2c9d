"""A small fake world whose runs have points for faults, and a run of it in which one fault strikes."""

import copy
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from erp_build import pipeline
from erp_build.cli.reported import error_noted
from erp_build.cli.verbs.rollback import roll_back
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.protocols import Clients
from erp_build.clients.site import open_site
from erp_build.deployment.ledger import read_entries
from erp_build.errors import ErpBuildError, Failure
from erp_build.model.project import Project
from erp_build.model.releases.deployment import Proof
from erp_build.model.stages.hooks import Pipeline
from erp_build.run_options import Options
from erp_build.run_record import Run, RunReport
from tests.fakes.account import FakeProgress
from tests.fakes.registry import HOST
from tests.fakes.world import FakeWorld
from tests.support.faults import Faults, FaultyJournal, Watched
from tests.support.git import Checkout
from tests.support.in_order import one_at_a_time
from tests.support.samples import ERP

SMALL = ERP._replace(services=ERP.services[:2], chart=ERP.chart._replace(timeout=12.0, stable=2.0))
"""Two services and the function: one that changes, one that stays, and the other half. Its rollouts are short."""

READERS = (
    "repository", "parameters", "identity", "registry", "functions", "cluster", "leases", "alarms", "helm", "assembly",
    "evidence", "health",
)  # fmt: skip


def small_sources() -> dict[str, str]:
    """The files of a repository for `SMALL`; its values file is short, because a run reads it often."""
    lines = ["replicaCount: 2", "services:"]
    for service in SMALL.services:
        image = f"{{repository: {HOST}/erp/{service.repository}, tag: latest}}"
        lines.append(f"  {service.values_key.partition('.')[2]}: {{image: {image}}}")
    files = {f"{target.path}/src/App.java": f"class App {{ /* {target.name} */ }}\n" for target in SMALL.image_targets}
    also = {"backend/proto/a.proto": "", "README.md": "ERP\n"}
    return {**files, "helm-chart/values-dev.yaml": "\n".join([*lines, ""]), **also}


class RememberedGit:
    """A repository that asks Git once for each answer. Its commits do not change, and neither does its work tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._git = GitRepository(root)
        self._answers: dict[tuple[str, str], Any] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> "RememberedGit":
        return self

    def __getattr__(self, name: str) -> Any:
        ask = getattr(self._git, name)
        if not callable(ask):
            return ask

        def answer(*arguments: Any, **named: Any) -> Any:
            key = (name, repr((arguments, named)))
            if key not in self._answers:
                found = ask(*arguments, **named)
                self._answers[key] = tuple(found) if hasattr(found, "__next__") else found
            return self._answers[key]

        return answer


class Ended(NamedTuple):
    """How a run ended: its error, its exit code, and the proofs that it has."""

    error: BaseException | None
    code: int
    proofs: tuple[Proof, ...]


class FaultedWorld(FakeWorld):
    """A fake world in which a fault may strike."""

    def __init__(self, checkout: Checkout, project: Project = SMALL) -> None:
        super().__init__(checkout)
        self.project = project
        self.faults = Faults()
        self.is_in_order = True
        """Whether effects are performed one after the other, so that each is a point of the main thread."""
        self.look_at_the_checkout()

    def look_at_the_checkout(self) -> None:
        """Read the repository anew after a commit."""
        self.committed = self.values.read_bytes()
        self.git = RememberedGit(self.root)

    def again(self) -> "FaultedWorld":
        """The same world once more, with the same checkout."""
        # What never changes is shared: to copy it would take longer than a run.
        fixed = (self.project, self.checkout, *self.registry.images.values(), *self.functions.states.values())
        return copy.deepcopy(self, {id(one): one for one in fixed})

    def of_another_run(self, other: "FaultedWorld") -> "FaultedWorld":
        """This world as another run sees it that works in the checkout of `other`."""
        seen = copy.copy(self)
        seen.checkout, seen.git, seen.committed = other.checkout, other.git, other.committed
        seen.effects, seen.progress, seen.faults = copy.copy(self.effects), FakeProgress(), Faults()
        return seen

    def clients(self) -> Clients:
        """The live clients, each of whose calls is a point."""
        clients = super().clients()
        watched: dict[str, Any] = {name: Watched(name, getattr(clients, name), self.faults) for name in READERS}
        watched["repository"] = Watched("repository", self.git, self.faults)
        watched["clock"] = Watched("clock", self.clock, self.faults, only=("sleep",))
        # The other effects are points by the journal.
        watched["effects"] = Watched("effects", self.effects, self.faults, only=("write_lease",))
        return replace(clients, **watched)

    def ends(self, act: Callable[["FaultedWorld"], tuple[Proof, ...]], faults: Faults | None = None) -> Ended:
        """Do something in a fresh checkout, with a fault, and catch what it ends with."""
        with one_at_a_time() if self.is_in_order else nullcontext():
            return self._ends(act, faults)

    def _ends(self, act: Callable[["FaultedWorld"], tuple[Proof, ...]], faults: Faults | None) -> Ended:
        self.faults = faults or Faults()
        self.values.write_bytes(self.committed)
        self.effects.journal = FaultyJournal(self.faults)
        self.progress.lines.clear()
        self.report = RunReport()
        try:
            proofs = act(self)
        except BaseException as error:  # noqa: BLE001 - a sweep looks at every end
            return Ended(error, exit_code(error), self.report.proofs)
        return Ended(None, 0, proofs)

    def ledger(self) -> list[dict[str, Any]]:
        """The entries of the ledger."""
        return [asdict(entry) for entry in read_entries(self.leases.lease.record if self.leases.lease else "")]

    def change_small(self, *names: str, text: str) -> str:
        """Commit a change of some targets of the project, or of the chart; returns the commit."""
        paths = {target.name: target.path for target in self.project.targets}
        chart = self.project.chart.name
        files = {
            f"{paths[name]}/{'templates/hpa.yaml' if name == chart else 'src/App.java'}": f"{text}\n" for name in names
        }
        self.values.write_bytes(self.committed)
        commit = self.checkout.commit(files)
        self.look_at_the_checkout()
        return commit

    def cloned(self, folder: Path) -> "FaultedWorld":
        """A copy of the world with a checkout of its own."""
        other = self.again()
        other.checkout = Checkout(Path(shutil.copytree(self.root, folder)))
        other.look_at_the_checkout()
        return other


def exit_code(error: BaseException) -> int:
    """The exit code that the command line makes of an error."""
    return error.code if isinstance(error, Failure) else ErpBuildError.code


def run_all(world: FaultedWorld) -> tuple[Proof, ...]:
    """`erp-build run`."""
    return running(Options(), Pipeline())(world)


def running(options: Options, pipeline: Pipeline) -> Callable[[FaultedWorld], tuple[Proof, ...]]:
    """`erp-build run` with options and hooks."""
    return lambda world: _run(world, options, pipeline)


def _run(world: FaultedWorld, options: Options, hooks: Pipeline) -> tuple[Proof, ...]:
    effects = world.effects.journal.effects
    going_on = Run(clock=world.clock, on_stage=world.progress.stage, pipeline=hooks, effects=effects)
    try:
        with error_noted(going_on):
            return pipeline.run(world.project, world.clients(), options, going_on).proofs
    finally:
        world.report = going_on.report()


def rolling_back(to: str | None) -> Callable[[FaultedWorld], tuple[Proof, ...]]:
    """`erp-build rollback --to`."""
    return lambda world: roll_back(open_site(world.project, world.clients()), to, 0.0)
