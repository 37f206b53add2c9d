"""Whole runs of any number of services over the fakes, whose calls are counted and may take time."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from erp_build.clients.protocols import Clients
from erp_build.model.project import Function, Project, Service
from erp_build.run_record import RunReport
from tests.fakes.helm import values_text
from tests.fakes.registry import HOST
from tests.fakes.world import FakeWorld
from tests.support.counted_calls import READERS, Calls, Counted
from tests.support.git import Checkout
from tests.support.samples import ERP

SHARED = "backend/proto/a.proto"
"""A file whose change builds everything."""


def project_of(services: int, functions: int = 1) -> Project:
    """A project of so many services and functions, as a large `erp-build.toml` says it."""
    return ERP._replace(
        shared=("backend/proto/**",),
        services=tuple(_service(f"svc-{number:04}-service", number) for number in range(services)),
        functions=tuple(_function(f"fn-{number:04}-service") for number in range(functions)),
    )


def _service(name: str, number: int) -> Service:
    return Service(name=name, path=f"backend/{name}", repository=name, values_key=f"services.svc{number:04}")


def _function(name: str) -> Function:
    return Function(name=name, path=f"backend/{name}", repository=f"{name}-lambda", function=f"erp-dev-{name}")


def sources_of(project: Project) -> dict[str, str]:
    """The files of its repository: two for each target, and the values of all services."""
    values = {one.values_key.partition(".")[2]: f"{HOST}/erp/{one.repository}" for one in project.services}
    files = {}
    for target in project.image_targets:
        files[f"{target.path}/src/App.java"] = f"class App {{ /* {target.name} */ }}\n"
        files[f"{target.path}/Dockerfile"] = "FROM scratch\nCOPY target/*.jar /app.jar\n"
    return {**files, SHARED: "first\n", "README.md": "ERP\n", "helm-chart/values-dev.yaml": values_text(values)}


class CountedWorld(FakeWorld):
    """A fake world of any size. `calls` are those of the last run; `calls.latency` makes the next ones take time."""

    def __init__(self, checkout: Checkout, project: Project) -> None:
        super().__init__(checkout)
        self.calls = Calls()
        self.project = project
        self.registry.repositories = {f"erp/{target.repository}" for target in project.image_targets}
        self.functions.states.clear()
        for one in project.functions:
            repository = f"erp/{one.repository}"
            self.functions.create(
                one.function, f"{HOST}/{repository}:by-hand", self.registry.push(repository, "by-hand", None)
            )

    @classmethod
    def create(cls, folder: Path, services: int, functions: int = 1) -> "CountedWorld":
        """The account of a new project, and its repository in a folder; nothing is deployed yet."""
        project = project_of(services, functions)
        return cls(Checkout.create(folder, **sources_of(project)), project)

    @classmethod
    def deployed(cls, folder: Path, services: int, functions: int = 1) -> "CountedWorld":
        """The same after the first deployment of everything."""
        world = cls.create(folder, services, functions)
        world.run()
        return world

    def bare_clients(self) -> Clients:
        """The clients that ask once; each attempt is counted."""
        clients = super().bare_clients()
        names = (*READERS, "effects")
        counted: dict[str, Any] = {name: Counted(name, getattr(clients, name), self.calls) for name in names}
        return replace(clients, **counted)

    def change_first(self, number: int, text: str = "changed") -> str:
        """Commit a change of so many services; 0: of a file that belongs to nobody. Returns the commit."""
        services = self.project.services[:number]
        files = {f"{one.path}/src/App.java": f"{text}\n" for one in services}
        return self.commit(files or {"README.md": f"{text}\n"})

    def change_all(self, text: str = "changed") -> str:
        """Commit a change of what all targets take; a text that was deployed before (`first` was) has its images."""
        return self.commit({SHARED: f"{text}\n"})

    def _run(self, *args: object, **kwargs: object) -> RunReport:
        self.calls.clear()
        return super()._run(*args, **kwargs)  # type: ignore[arg-type]
