"""A healthy ERP as `doctor` sees it: the world of the run's tests, and in memory what only a doctor asks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erp_build.clients.git.repository import GitRepository
from erp_build.doctor.diagnosis import CheckResult
from erp_build.doctor.examine import examine
from erp_build.doctor.facts import Facts
from erp_build.doctor.protocols import Local, Remote, Version
from erp_build.model.build_options import FanOut
from erp_build.model.codepipeline import FULL_CLONE, BuildProject, CodePipeline, SourceAction
from erp_build.model.project import Chart
from erp_build.model.releases.kubernetes import OwnedDeployment
from erp_build.model.releases.release import Release
from tests.fakes.account import ACCOUNT, REGION
from tests.fakes.registry import PUSHED
from tests.fakes.world import FakeWorld

if TYPE_CHECKING:
    from erp_build.errors import ErpBuildError

CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0a1b2c3d"
PIPELINE, PROJECT = "erp-unified-pipeline", "erp-unified-build"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/erp-dev-codebuild-role"
WORKERS, REPOSITORY = "erp-unified-workers", "https://github.com/Kim/erp.git"
WORKER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/erp-dev-worker-role"
SOURCE = SourceAction(
    name="Source", provider="CodeStarSourceConnection", connection=CONNECTION, output=FULL_CLONE, repository="kim/erp"
)
POM = "<project><artifactId>app</artifactId><properties><java.version>17</java.version></properties></project>\n"
GIGABYTE = 10**9


class FakeMachine:
    """A machine on which everything is installed."""

    def __init__(self) -> None:
        self.running: Version = (3, 11, 2)
        self.programs: dict[str, Version] = {
            "git": (2, 39, 5), "helm": (3, 19, 5), "kubectl": (1, 34, 1), "mvn": (3, 9, 12),
        }  # fmt: skip
        self.homes: dict[int, str] = {17: "/opt/jdk-17"}
        self.no_engine: ErpBuildError | None = None
        self.disk = 50 * GIGABYTE
        self.free_memory: int | None = 6 * GIGABYTE

    def python(self) -> Version:
        return self.running

    def version_of(self, program: str) -> Version | None:
        return self.programs.get(program)

    def jdks(self) -> Mapping[int, str]:
        return self.homes

    def engine(self) -> str:
        if self.no_engine:
            raise self.no_engine
        return "28.5.2"

    def free_disk(self, folder: Path) -> int:
        assert folder.is_dir()
        return self.disk

    def memory(self) -> int | None:
        return self.free_memory


class FakeCharts:
    """A chart that makes a Deployment with both probes and an autoscaler of each service that has an image."""

    def __init__(self) -> None:
        self.broken: ErpBuildError | None = None
        self.sets_replicas = False
        self.empty = False
        self.probes = ["readinessProbe", "livenessProbe"]
        self.calls = 0

    def rendered(self, root: Path, chart: Chart, values: bytes) -> tuple[Mapping[str, Any], ...]:
        assert (root / chart.path / chart.values).read_bytes() == values
        self.calls += 1
        if self.broken:
            raise self.broken
        if self.empty:
            return ()
        container: dict[str, Any] = {"name": "app", "image": "app:1", **{probe: {"port": 1} for probe in self.probes}}
        spec: dict[str, Any] = {"template": {"spec": {"containers": [container]}}}
        if self.sets_replicas:
            spec["replicas"] = 2
        scaled = {"scaleTargetRef": {"kind": "Deployment", "name": "app"}}
        return (
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"}, "spec": spec},
            {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "app"},
                "spec": scaled,
            },
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "app"}, "spec": {}},
        )


class FakeDelivery:
    """A pipeline with a confirmed connection, and its project."""

    def __init__(self) -> None:
        self.pipelines = {
            PIPELINE: CodePipeline(name=PIPELINE, sources=(SOURCE,), projects=(PROJECT,), bucket="artifacts")
        }
        self.projects = {
            PROJECT: BuildProject(
                name=PROJECT,
                role=ROLE,
                privileged=True,
                timeout=18_000.0,
                image="runner@sha256:1",
                machine="LINUX_CONTAINER",
                compute="BUILD_GENERAL1_SMALL",
            )
        }
        self.connections = {CONNECTION: "AVAILABLE"}

    def pipeline(self, name: str) -> CodePipeline | None:
        return self.pipelines.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self.pipelines)

    def project(self, name: str) -> BuildProject | None:
        return self.projects.get(name)

    def connection_status(self, arn: str) -> str:
        return self.connections[arn]

    def source_is(self, **fields: str) -> None:
        """Change the source action."""
        source = replace(SOURCE, **fields)
        self.pipelines[PIPELINE] = replace(self.pipelines[PIPELINE], sources=(source,))

    def workers_are(self, **fields: Any) -> None:
        """Make the project of workers, with other settings than it should have."""
        good = replace(self.projects[PROJECT], name=WORKERS, role=WORKER_ROLE, source="GITHUB", location=REPOSITORY)
        self.projects[WORKERS] = replace(good, **fields)

    def project_is(self, **fields: Any) -> None:
        """Change the build project."""
        self.projects[PROJECT] = replace(self.projects[PROJECT], **fields)


class FakePolicies:
    """Roles that may do everything but what a test forbids."""

    def __init__(self) -> None:
        self.roles = {ROLE}
        self.forbidden: set[str] = set()
        self.asked: dict[str, set[str]] = {}
        self.calls = 0

    def denied(self, role: str, actions: Sequence[str], resource: str) -> tuple[str, ...]:
        assert role in self.roles
        self.calls += 1
        self.asked.setdefault(resource, set()).update(actions)
        return tuple(action for action in actions if action in self.forbidden)


class FakeRepositories:
    """The settings of the repositories that the registry has."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.fixed: set[str] = set()

    def may_move(self, repository: str, tag: str) -> bool | None:
        assert tag == "latest"
        return repository not in self.fixed if repository in self._world.registry.repositories else None


class FakeClusterReader:
    """A cluster whose Deployments belong to the release unless a test says otherwise."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.stated = "v1.34.4"
        self.owner = "erp-microservices"

    def version(self, release: Release) -> str:
        assert release.cluster == "erp-dev"
        self._world.cluster.must_answer()
        return self.stated

    def deployments(self, release: Release) -> tuple[OwnedDeployment, ...]:
        assert release.namespace == "erp-dev"
        found = self._world.cluster.deployments.values()
        ours = (OwnedDeployment(name=one.name, owner=self.owner, images=(one.image,)) for one in found)
        return (*ours, OwnedDeployment(name="prometheus", owner="monitoring", images=("prom:2",)))


class Clinic:
    """Everything that a doctor looks at, all of it well.

    Attributes:
        no_account: why neither account nor cluster can be asked; None: they can.
        variables: what CodeBuild says of itself.
    """

    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        self.machine, self.charts, self.delivery = FakeMachine(), FakeCharts(), FakeDelivery()
        self.policies, self.repositories = FakePolicies(), FakeRepositories(world)
        self.cluster_reader = FakeClusterReader(world)
        self.no_account: ErpBuildError | None = None
        self.variables: dict[str, str] = {}
        self.pipeline = ""
        for target in world.project.image_targets:
            world.checkout.write(f"{target.path}/pom.xml", POM)
            world.checkout.write(
                f"{target.path}/{target.dockerfile}", "FROM eclipse-temurin:17\nCOPY target/*.jar a.jar\n"
            )
        world.assembly.bases["eclipse-temurin:17"] = "sha256:" + "7" * 64
        world.checkout.write(f"{world.project.chart.path}/Chart.yaml", "name: erp\n")
        # Every scan ended a minute after the push.
        world.registry.pushed = dict.fromkeys(world.registry.images, PUSHED + timedelta(hours=23, minutes=59))

    def facts(self) -> Facts:
        """What the checks get."""
        remote = Remote(
            clients=self.world.clients(),
            delivery=self.delivery,
            policies=self.policies,
            repositories=self.repositories,
            cluster_reader=self.cluster_reader,
        )
        clone = GitRepository(self.world.root)
        local = Local(clone=clone, machine=self.machine, charts=self.charts, secrets=self.world.secrets)
        return Facts(
            project=self.world.project,
            local=local,
            account=self.no_account or remote,
            variables=self.variables,
            named=self.pipeline,
        )

    def fans_out(self, *, workers: int = 4, buildspec: str = "", **fields: Any) -> None:
        """Want workers, of a project whose settings differ in these fields from what they should be."""
        options = FanOut(workers=workers, project=WORKERS, buildspec=buildspec)
        build = self.world.project.build._replace(fan_out=options)
        self.world.project = self.world.project._replace(build=build)
        self.policies.roles.add(WORKER_ROLE)
        self.delivery.workers_are(**fields)

    def find(self, check: str) -> CheckResult:
        """What one check finds."""
        (diagnosis,) = examine(self.facts(), [check])
        return diagnosis.result
