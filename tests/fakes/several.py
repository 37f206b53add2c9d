"""A world in memory with several releases: each has a chart, a Lease, Deployments and a history of its own."""

from pathlib import Path
from typing import Any, Literal, cast

from erp_build.changes.live_state import read_live_state
from erp_build.clients.effects import UpgradeRequest
from erp_build.clients.site import Site, open_site
from erp_build.deployment.ledger import LedgerEntry, read_entries
from erp_build.model.effect import EffectKind
from erp_build.model.plan import LiveState
from erp_build.model.project import Chart, DeployPolicy, Function, Project, Service
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release
from erp_build.model.releases.units import name_of, units_of
from tests.fakes.cluster import FakeCluster
from tests.fakes.deployments import Deployments
from tests.fakes.effects import FakeEffects
from tests.fakes.helm import FakeHelm, values_text
from tests.fakes.leases import FakeLeases
from tests.fakes.registry import HOST
from tests.fakes.world import FUNCTION_REPOSITORY, FakeWorld
from tests.support.git import Checkout
from tests.support.samples import ERP

NAMES = ("a", "b", "c", "d", "e")
"""Charts and their releases; `service-a` is the service of the chart `a`, and the function is deployed with it."""

Units = Literal["together", "apart"]

PAYROLL = Function("payroll", "backend/payroll", "payroll", "erp-dev-payroll")
"""A second function, of the last chart, where functions are deployed by themselves."""


def several(names: tuple[str, ...] = NAMES, units: Units = "together") -> Project:
    """The project of these charts; with functions apart there are two."""
    charts = tuple(
        Chart(path=f"charts/{name}", release=f"release-{name}", name=name, timeout=12.0, stable=2.0) for name in names
    )
    services = tuple(
        Service(f"service-{name}", f"backend/service-{name}", f"service-{name}", f"services.{name}", chart=name)
        for name in names
    )
    functions = tuple(one._replace(chart=names[0]) for one in ERP.functions)
    if units == "apart":
        functions = (*functions, PAYROLL._replace(chart=names[-1]))
    deploy = DeployPolicy(units=units)
    return ERP._replace(services=services, functions=functions, chart=charts[0], more_charts=charts[1:], deploy=deploy)


def several_sources(project: Project) -> dict[str, str]:
    """The files of its repository."""
    files = {
        f"{target.path}/src/App.java": f"class App {{ /* {target.name} */ }}\n" for target in project.image_targets
    }
    values = {
        f"{chart.path}/{chart.values}": values_text({chart.name: f"{HOST}/erp/service-{chart.name}"})
        for chart in project.charts
    }
    return {**files, **values, "backend/proto/a.proto": "", "README.md": "ERP\n"}


class ByRelease:
    """Hands each call to the fake of the release that it is about; what is about none goes to the first."""

    def __init__(self, fakes: dict[str, Any]) -> None:
        self.fakes = fakes

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **named: Any) -> Any:
            first = arguments[0] if arguments else None
            place = (first.function or first.name) if isinstance(first, Release) else next(iter(self.fakes))
            return getattr(self.fakes[place], name)(*arguments, **named)

        return call


class SeveralLeases(ByRelease):
    """The Leases of releases, and of functions that are deployed by themselves."""

    taken = ""
    """Whose lock was taken last: a run that is killed holds it."""

    def write(self, release: Release, lease: Lease) -> Lease | None:
        place = release.function or release.name
        self.taken = place if lease.holder else self.taken
        written: Lease | None = self.fakes[place].write(release, lease)
        return written

    def is_held(self, *, alive: bool) -> None:
        self.fakes[self.taken].is_held(alive=alive)


class SeveralEffects(FakeEffects):
    """The effects on several releases."""

    def upgrade_release(self, request: UpgradeRequest) -> None:
        with self.journal.note(EffectKind.UPGRADE_RELEASE, request.release.name):
            self._helm.fakes[request.release.name].upgrade(request)  # type: ignore[attr-defined]

    def rollback_release(self, release: Release, revision: int, timeout: float) -> None:  # noqa: ARG002
        with self.journal.note(EffectKind.ROLLBACK_RELEASE, release.name):
            self._helm.fakes[release.name].rollback(revision)  # type: ignore[attr-defined]


class SeveralReleases(FakeWorld):
    """The account of a new project with several releases.

    Args:
        checkout: a repository with `several_sources()`.
        project: of `several()`.
    """

    def __init__(self, checkout: Checkout, project: Project) -> None:
        super().__init__(checkout)
        self.project = project
        self.registry.repositories = {f"erp/{one.repository}" for one in project.image_targets}
        assert FUNCTION_REPOSITORY in self.registry.repositories
        names = [chart.release for chart in project.charts]
        deployments = {name: Deployments(self.clock) for name in names}
        self.clusters = {name: FakeCluster(one, self.registry) for name, one in deployments.items()}
        self.helms = {name: FakeHelm(one) for name, one in deployments.items()}
        locked = (*names, *(one.function for one in project.functions))
        self.all_leases = {name: FakeLeases(self.clock) for name in locked}
        for name in names:
            self.clusters[name].release = self.helms[name].release = name
        self.cluster: Any = ByRelease(self.clusters)
        self.helm: Any = ByRelease(self.helms)
        self.leases: Any = SeveralLeases(self.all_leases)
        self.effects = SeveralEffects(self.registry, self.functions, cast("Any", self.helm), cast("Any", self.leases))
        self.effects.fleet = self.fleet
        for one in project.functions[1:]:
            by_hand = self.registry.push(f"erp/{one.repository}", "by-hand", None)
            self.functions.create(one.function, f"{HOST}/erp/{one.repository}:by-hand", by_hand)

    def unit(self, name: str) -> Site:
        """Where one of the units is worked on."""
        units = {name_of(unit): unit for unit in units_of(self.project)}
        return open_site(units[name], self.clients())

    def live(self, name: str) -> LiveState:
        """What runs of one of the units."""
        return read_live_state(self.unit(name))

    def outcomes(self) -> dict[str, str]:
        """How each unit of the last run ended."""
        return {unit.name: unit.outcome for unit in self.report.units}

    def codes(self) -> dict[str, int]:
        """The exit codes of the units that failed in the last run."""
        return {unit.name: unit.error.code for unit in self.report.units if unit.error}

    def ledger(self, place: str) -> tuple[LedgerEntry, ...]:
        """The past deployments of a release, or of a function that is deployed by itself."""
        lease = self.all_leases[place].lease
        return read_entries(lease.record) if lease else ()

    def change(self, *names: str, text: str = "changed") -> str:
        """Commit a change of some targets; returns the commit."""
        paths = {target.name: target.path for target in self.project.targets}
        charts = {chart.name for chart in self.project.charts}
        files = {name: "templates/hpa.yaml" if name in charts else "src/App.java" for name in names}
        return self.commit({f"{paths[name]}/{file}": f"{text}\n" for name, file in files.items()})

    def running(self) -> dict[str, str]:
        """Service -> the tag that runs, of every release."""
        return {service: tag for one in self.clusters.values() for service, tag in one.running().items()}

    def digests(self) -> dict[str, str]:
        """Service -> the digest that runs, and the function's."""
        found = {service: one.digest(service) for one in self.clusters.values() for service in one.running()}
        return {**found, **{name: state.digest for name, state in self.functions.states.items()}}

    def is_free(self) -> bool:
        """Whether nobody holds a lock."""
        return all(one.lease is None or not one.lease.holder for one in self.all_leases.values())


def several_releases(folder: Path, names: tuple[str, ...] = NAMES, units: Units = "together") -> SeveralReleases:
    """A world with several releases that were deployed."""
    project = several(names, units)
    world = SeveralReleases(Checkout.create(folder, **several_sources(project)), project)
    world.run()
    return world
