"""The whole fake world around a real Git repository: what a run reads and changes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from erp_build.config.environment import RULES
from erp_build.config.project import default_project
from erp_build.domain.project import Function, Service
from erp_build.domain.report import RunReport
from erp_build.pipeline import Options, run
from erp_build.tools.clock import SimulatedClock
from erp_build.tools.effects import Journal
from erp_build.tools.git import GitRepository
from erp_build.tools.rehearsal import (
    Assumptions,
    Rehearsal,
    RehearsedCluster,
    RehearsedFunctions,
    RehearsedRegistry,
)
from erp_build.tools.toolbox import Tools
from tests.fake_world.effects import FakeEffects
from tests.fake_world.functions import FakeFunctions
from tests.fake_world.registry import HOST, FakeRegistry
from tests.fake_world.release import FakeRelease
from tests.support.git import Checkout
from tests.support.samples import EMPLOYEE, ERP

ACCOUNT, REGION = "123456789012", "ap-northeast-2"
FUNCTION = "erp-dev-employee-service"


class FakeParameters:
    """Parameter Store as a dictionary."""

    def __init__(self) -> None:
        values = (ACCOUNT, REGION, "erp-dev", "erp", "erp", "dev")
        self.values = dict(zip((f"/erp/dev/{name}" for name in RULES), values, strict=True))

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """Those that exist."""
        return {name: self.values[name] for name in names if name in self.values}


class FakeIdentity:
    """The caller."""

    region = REGION

    def account(self) -> str:
        """The caller's account."""
        return ACCOUNT


class FakeWorkshop:
    """Notes what it was asked to check."""

    def __init__(self) -> None:
        self.checked: list[str] = []

    def check(self, targets: Sequence[Service | Function]) -> None:
        """Everything that is needed is there."""
        self.checked = [target.name for target in targets]


class FakeProgress:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, name: str) -> None:
        """A new stage begins."""
        self.lines.append(name)

    def say(self, text: str, target: str = "") -> None:
        """Something happened."""
        self.lines.append(f"{target}: {text}")

    def detail(self, text: str, target: str = "") -> None:
        """A child's output is not kept."""


class FakeWorld:
    """The ERP in a repository of its own, an empty cluster, and a function that somebody else made."""

    def __init__(self, folder: Path) -> None:
        self.checkout = Checkout.create(folder / "erp", **_sources())
        self.registry = FakeRegistry(*(f"erp/{target.repository}" for target in ERP.image_targets))
        first = self.registry.put("erp/employee-service-lambda", "first", None)
        self.functions = FakeFunctions({FUNCTION: f"{HOST}/erp/employee-service-lambda@{first}"})
        self.release = FakeRelease(self.registry)
        self.parameters = FakeParameters()
        self.progress = FakeProgress()
        self.clock = SimulatedClock()
        self.effects = self._new_effects()

    @property
    def values(self) -> Path:
        """The values file."""
        return self.checkout.root / "helm-chart" / "values-dev.yaml"

    def tools(self) -> Tools:
        """The live tools of this world, with a new journal."""
        broken = self.effects.broken
        self.effects = self._new_effects()
        self.effects.broken = broken
        return Tools(
            repository=GitRepository(self.checkout.root),
            parameters=self.parameters,
            identity=FakeIdentity(),
            registry=self.registry,
            functions=self.functions,
            cluster=self.release,
            helm=self.release,
            workshop=FakeWorkshop(),
            effects=self.effects,
            clock=self.clock,
            progress=self.progress,
        )

    def rehearsal(self, journal: Journal) -> Tools:
        """The tools of a rehearsal, joined as `wiring` joins them."""
        tools, assumed = self.tools(), Assumptions()
        return replace(
            tools,
            registry=RehearsedRegistry(tools.registry, assumed),
            functions=RehearsedFunctions(tools.functions, assumed),
            cluster=RehearsedCluster(tools.cluster, assumed),
            effects=Rehearsal(journal, assumed),
        )

    def run(self, options: Options | None = None, tools: Tools | None = None) -> RunReport:
        """One run; its errors come out as they are, and the report is kept in `report`."""
        tools = tools or self.tools()
        self.report = RunReport(clock=self.clock, on_stage=self.progress.stage, effects=self.effects.journal.effects)
        return run(default_project(), tools, options or Options(), self.report)

    def change(self, name: str, text: str = "changed") -> str:
        """Commit a change of a target; returns the commit."""
        self.clean()
        path = {target.name: target.path for target in ERP.targets}[name]
        file = "templates/hpa.yaml" if name == ERP.chart.name else "src/App.java"
        return self.checkout.commit({f"{path}/{file}": f"{text}\n"})

    def revert(self) -> str:
        """Commit the opposite of the newest commit; returns the commit."""
        self.clean()
        self.checkout.git("revert", "--no-edit", "HEAD")
        return self.checkout.head()

    def clean(self) -> None:
        """Make the checkout a fresh one, as CodeBuild does: the tags of an earlier run are not in the values file."""
        self.checkout.git("reset", "--quiet", "--hard")

    def actions(self) -> dict[str, str]:
        """The actions of the last plan."""
        assert self.report.plan is not None
        return {step.target.name: step.action for step in self.report.plan.steps}

    def performed(self) -> list[str]:
        """The effects of the last run, as `name target`."""
        return [f"{effect.name} {effect.target}" for effect in self.effects.journal.effects]

    def running_tags(self) -> dict[str, str]:
        """Service -> the tag that its Deployment names."""
        return {name: workload.images[0].rpartition(":")[2] for name, workload in self.release.deployed.items()}

    def _new_effects(self) -> FakeEffects:
        return FakeEffects(self.checkout.root, self.registry, self.functions, self.release)


def _sources() -> dict[str, str]:
    values = ["replicaCount: 2", "services:"]
    for service in ERP.services:
        values += [f"  {service.values_key.rpartition('.')[2]}:", "    image:"]
        values += [f"      repository: {HOST}/erp/{service.repository}", '      tag: "latest"  # 배포할 태그']
    values += ["  employee:", "    enabled: false"]
    files = {f"{target.path}/src/App.java": f"class {target.repository} {{}}\n" for target in ERP.image_targets}
    poms = {f"{target.path}/pom.xml": "<project/>\n" for target in ERP.image_targets}
    assert EMPLOYEE in {target.name for target in ERP.image_targets}
    return {**files, **poms, "helm-chart/values-dev.yaml": "\n".join(values) + "\n", "README.md": "ERP\n"}
