"""The composition root: creates the clients once, joins them, and picks live effects or a rehearsal."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from erp_build.build.assembly import LocalAssembly
from erp_build.build.image_builder import ImageBuilder
from erp_build.build.packagers.chosen import Packagers
from erp_build.build.packagers.maven import MavenPackager
from erp_build.build.packagers.protocol import Packager
from erp_build.build.packagers.workbench import Workbench
from erp_build.clients import rehearsal
from erp_build.clients.aws.inspection import AwsDelivery, RepositorySettings, RolePolicies
from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.monitoring import CloudWatchAlarms, SnsTopics
from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.session import FAIL_FAST_CONFIG, AwsClients, Caller, open_session
from erp_build.clients.clock import Clock
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine
from erp_build.clients.effects import Journal, NotedEffects, UpgradeRequest
from erp_build.clients.files.edit import replace_file
from erp_build.clients.git.remote.branch import RemoteBranch
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.helm.program import HelmProgram, LocalCharts
from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.kubernetes.connection import ClusterConnection
from erp_build.clients.kubernetes.kubeconfig import ClusterAccess
from erp_build.clients.kubernetes.leases import ClusterLeases
from erp_build.clients.machine.inventory import LocalMachine
from erp_build.clients.maven.program import Maven, MavenSurroundings
from erp_build.clients.patience import Patience, patient
from erp_build.clients.patient_effects import PatientEffects
from erp_build.clients.protocols import Clients
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal.progress import Progress
from erp_build.clients.way_out import WAY_OUT
from erp_build.doctor.protocols import Local, Remote
from erp_build.model.project import BuildOptions


@contextmanager
def open_clients(  # noqa: PLR0913 - each is a choice of the caller
    root: Path,
    *,
    clock: Clock,
    progress: Progress,
    secrets: Secrets,
    journal: Journal | None = None,
    rehearse: bool = False,
    build: BuildOptions | None = None,
    logs: Path | None = None,
    packagers: Sequence[Packager] = (),
) -> Iterator[Clients]:
    """Open the clients for one repository; their files lie outside of it, are private, and are deleted afterwards.

    Args:
        root: of the repository.
        clock: the time.
        progress: where the stages report.
        secrets: gets every secret that is read, to mask it.
        journal: notes every effect; None: nobody asks for them afterwards.
        rehearse: assume effects instead of performing them.
        build: how jars and images are made.
        logs: a folder for Maven's whole output; None keeps none.
        packagers: your own, which `package` of a service names.
    """
    journal = journal or Journal()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="erp-build-")))
        # An empty folder: otherwise the Docker SDK would ask the user's credential helpers, which a run never needs.
        os.environ["DOCKER_CONFIG"] = str(folder)
        given = _Given(root, folder, logs, build or BuildOptions(), clock, progress, secrets, journal, packagers)
        clients = _live_clients(given, stack)
        yield _rehearsed(clients, journal) if rehearse else clients


def doctor_local(root: Path, secrets: Secrets) -> Local:
    """Return the clients of `doctor` that need no credentials."""
    return Local(clone=GitRepository(root), machine=LocalMachine(), charts=LocalCharts(), secrets=secrets)


def open_doctor_remote(clients: Clients) -> Remote:
    """Open what `doctor` reads beside the clients of a run."""
    aws = AwsClients(open_session())
    names: tuple[Any, ...] = ("codepipeline", "codebuild", "codeconnections", "codestar-connections")
    patience = clients.patience
    return Remote(
        clients=clients,
        delivery=patient(AwsDelivery(*(aws.client(name) for name in names)), patience),
        policies=patient(RolePolicies(aws.client("iam")), patience),
        repositories=patient(RepositorySettings(aws.client("ecr")), patience),
        # The same cluster; `doctor` reads more of it than a run does.
        cluster_reader=cast("EksCluster", clients.cluster),
    )


class LiveEffects:
    """Performs the effects: says which client does each of them."""

    def __init__(
        self,
        *,
        assembly: LocalAssembly,
        registry: EcrRegistry,
        functions: LambdaFunctions,
        helm: HelmProgram,
        leases: ClusterLeases,
        branch: RemoteBranch,
        topics: SnsTopics,
    ) -> None:
        self._helm = helm
        self.check = assembly.run_check
        self.package = assembly.package
        self.build_image = assembly.build_image
        self.push = assembly.push
        self.start_scan = registry.start_scan
        self.update_function = functions.update
        self.publish = functions.publish
        self.write_file = replace_file
        self.rollback_release = helm.rollback
        self.uninstall_release = helm.uninstall
        self.edit_branch = branch.edit
        self.write_lease = leases.write
        self.tag = registry.put_tag
        self.notify = topics.publish

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Install or upgrade the release."""
        words = (request.release, request.chart, request.values, request.description, request.timeout)
        self._helm.upgrade(*words, request.below)


class _Given(NamedTuple):
    """The arguments from which the clients are created."""

    root: Path
    folder: Path
    logs: Path | None
    build: BuildOptions
    clock: Clock
    progress: Progress
    secrets: Secrets
    journal: Journal
    packagers: Sequence[Packager]


def _live_clients(given: _Given, stack: ExitStack) -> Clients:
    session = open_session()
    aws = AwsClients(session)
    registry = EcrRegistry(aws.client("ecr"), given.secrets)
    functions = LambdaFunctions(aws.client("lambda"), given.secrets)
    access = ClusterAccess(session, aws.client("eks"), given.folder, given.secrets)
    connection = ClusterConnection(access)
    stack.callback(connection.close)
    cluster, leases = EksCluster(connection), ClusterLeases(connection)
    helm = HelmProgram(access, given.folder, cluster.capabilities)
    engine = Engine()
    # A signal reaches the main thread alone, so calls that worker threads make to the engine are aborted at the end.
    stack.callback(engine.abort)
    stack.enter_context(WAY_OUT.telling(engine.hang_up))
    repository = GitRepository(given.root)
    patience = Patience(given.clock, given.progress.say)
    assembly = _assembly(given, engine, patient(registry, patience), repository)
    effects = LiveEffects(
        assembly=assembly,
        registry=registry,
        functions=functions,
        helm=helm,
        leases=leases,
        branch=RemoteBranch(given.root, given.clock),
        topics=SnsTopics(aws.client("sns", FAIL_FAST_CONFIG), session.get_partition_for_region),
    )
    clients = Clients(
        repository=repository,
        parameters=ParameterStore(aws.client("ssm"), given.secrets),
        identity=Caller(aws.client("sts"), session.region_name),
        registry=registry,
        functions=functions,
        cluster=cluster,
        leases=leases,
        alarms=CloudWatchAlarms(aws.client("cloudwatch")),
        helm=helm,
        assembly=assembly,
        effects=effects,
        patience=patience,
        clock=given.clock,
        progress=given.progress,
        secrets=given.secrets,
    )
    patiently = asked_patiently(clients)
    return replace(patiently, effects=NotedEffects(patiently.effects, given.journal))


def asked_patiently(clients: Clients) -> Clients:
    """Return the same clients, which ask again while an answer passes; what only this machine answers is left alone."""
    patience = clients.patience
    return replace(
        clients,
        parameters=patient(clients.parameters, patience),
        identity=patient(clients.identity, patience),
        registry=patient(clients.registry, patience),
        functions=patient(clients.functions, patience),
        cluster=patient(clients.cluster, patience),
        leases=patient(clients.leases, patience),
        alarms=patient(clients.alarms, patience),
        helm=patient(clients.helm, patience),
        effects=PatientEffects(
            clients.effects, patience, functions=clients.functions, helm=clients.helm, leases=clients.leases
        ),
    )


def _assembly(given: _Given, engine: Engine, registry: EcrRegistry, repository: GitRepository) -> LocalAssembly:
    surroundings = MavenSurroundings(
        scratch=given.folder,
        logs=given.logs,
        clock=given.clock,
        say=given.progress.say,
        detail=given.progress.detail,
        mask=given.secrets.mask,
    )
    bench = Workbench(root=given.root, timeout=given.build.timeout, clock=given.clock, progress=given.progress)
    return LocalAssembly(
        root=given.root,
        packagers=Packagers(MavenPackager(Maven(surroundings, given.build)), given.packagers, bench),
        images=ImageBuilder(
            root=given.root,
            engine=engine,
            buildkit=BuildKit(),
            registry=registry,
            options=given.build,
            source=repository.origin(),
            progress=given.progress,
        ),
        engine=engine,
        registry=registry,
        clock=given.clock,
        progress=given.progress,
    )


def _rehearsed(clients: Clients, journal: Journal) -> Clients:
    """Return the same clients with assumed effects, and readers that show them as if they had happened."""
    assumed = rehearsal.RehearsedEffects()
    return replace(
        clients,
        registry=rehearsal.RehearsedRegistry(clients.registry, assumed),
        functions=rehearsal.RehearsedFunctions(clients.functions, assumed),
        cluster=rehearsal.RehearsedCluster(clients.cluster, assumed),
        helm=rehearsal.RehearsedHelm(clients.helm, assumed),
        leases=rehearsal.RehearsedLeases(clients.leases, assumed),
        effects=NotedEffects(assumed, journal, "assumed"),
    )
