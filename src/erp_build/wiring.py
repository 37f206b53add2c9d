"""The composition root: creates the clients once, joins them, and picks live effects or a rehearsal."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

from erp_build.build.assembly import LocalAssembly
from erp_build.build.composition import BuildClients, BuildSetting, make_assembly
from erp_build.build.evidence.store import EvidenceStore
from erp_build.build.packagers.protocol import Packager
from erp_build.clients.aws.codebuild import BuildFleet
from erp_build.clients.aws.inspection import AwsDelivery, RepositorySettings, RolePolicies
from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.monitoring import CloudWatchAlarms, SnsTopics
from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.session import FAIL_FAST_CONFIG, AwsClients, Caller, open_session
from erp_build.clients.clock import Clock
from erp_build.clients.docker.engine import Engine
from erp_build.clients.docker.private_config import isolated, users_folder
from erp_build.clients.docker.server import DockerServer, find_server
from erp_build.clients.effects import Journal, NotedEffects, UpgradeRequest
from erp_build.clients.files.edit import replace_file
from erp_build.clients.files.private_folder import private_folder
from erp_build.clients.git.remote.branch import RemoteBranch
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.helm.program import HelmProgram, LocalCharts
from erp_build.clients.kubernetes.cluster import EksCluster
from erp_build.clients.kubernetes.connection import ClusterConnection
from erp_build.clients.kubernetes.kubeconfig import ClusterAccess
from erp_build.clients.kubernetes.leases import ClusterLeases
from erp_build.clients.machine.inventory import LocalMachine
from erp_build.clients.machine.parallel import asked_once
from erp_build.clients.patience import Patience, patient
from erp_build.clients.patient_effects import PatientEffects
from erp_build.clients.protocols import Clients
from erp_build.clients.registries.opened import own_connection, registry_at
from erp_build.clients.rehearsal import readers
from erp_build.clients.rehearsal.effects import RehearsedEffects
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal.progress import Progress
from erp_build.clients.way_out import WAY_OUT
from erp_build.doctor.protocols import Local, Remote
from erp_build.formats.image_name import ecr_host
from erp_build.model.build_options import BuildOptions


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
        folder = stack.enter_context(private_folder())
        # Read before it is hidden: a context and plugins of the user's may count.
        docker = users_folder()
        stack.enter_context(isolated(docker))
        given = _Given(
            root, folder, docker, logs, build or BuildOptions(), clock, progress, secrets, journal, packagers
        )
        clients = _live_clients(given, stack)
        yield _rehearsed(clients, journal) if rehearse else clients


def doctor_local(root: Path, secrets: Secrets, build: BuildOptions) -> Local:
    """Return the clients of `doctor` that need no credentials."""
    machine = LocalMachine(follows_user=build.docker_config == "user")
    return Local(clone=GitRepository(root), machine=machine, charts=LocalCharts(), secrets=secrets)


def open_doctor_remote(clients: Clients, build: BuildOptions) -> Remote:
    """Open what `doctor` reads beside the clients of a run."""
    aws = AwsClients(open_session())
    names: tuple[Any, ...] = ("codepipeline", "codebuild", "codeconnections", "codestar-connections")
    patience = clients.patience
    return Remote(
        clients=clients,
        delivery=patient(AwsDelivery(*(aws.client(name) for name in names)), patience),
        policies=patient(RolePolicies(aws.client("iam")), patience),
        repositories=patient(RepositorySettings(_registry_client(aws, build)), patience),
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
        fleet: BuildFleet,
        functions: LambdaFunctions,
        helm: HelmProgram,
        leases: ClusterLeases,
        branch: RemoteBranch,
        topics: SnsTopics,
    ) -> None:
        self._helm = helm
        self.check = assembly.run_check
        self.package = assembly.package
        self.prepare_images = assembly.prepare_images
        self.build_image = assembly.build_image
        self.push = assembly.push
        self.attest = assembly.attest
        self.start_worker = fleet.start
        self.stop_worker = fleet.stop
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
    docker: Path
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
    registry = _registry(aws, given)
    fleet = BuildFleet(aws.client("codebuild"))
    functions = LambdaFunctions(aws.client("lambda"), given.secrets)
    kubernetes = ClusterAccess(session, aws.client("eks"), given.folder, given.secrets)
    connection = ClusterConnection(kubernetes)
    stack.callback(connection.close)
    cluster, leases = EksCluster(connection), ClusterLeases(connection)
    helm = HelmProgram(kubernetes, given.folder, cluster.capabilities)
    repository = GitRepository(given.root)
    patience = Patience(given.clock, given.progress.say)
    parameters = ParameterStore(aws.client("ssm"), given.secrets)
    building = _build_clients(given, registry, parameters, patience, stack)
    assembly = make_assembly(_build_setting(given, repository.origin()), aws, building)
    effects = LiveEffects(
        assembly=assembly,
        registry=registry,
        fleet=fleet,
        functions=functions,
        helm=helm,
        leases=leases,
        branch=RemoteBranch(given.root, given.clock),
        topics=SnsTopics(aws.client("sns", FAIL_FAST_CONFIG), session.get_partition_for_region),
    )
    clients = Clients(
        repository=repository,
        parameters=parameters,
        identity=Caller(aws.client("sts"), session.region_name),
        registry=registry,
        evidence=building.evidence,
        fleet=fleet,
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


def _build_clients(
    given: _Given, registry: EcrRegistry, parameters: ParameterStore, patience: Patience, stack: ExitStack
) -> BuildClients:
    find = partial(find_server, dict(os.environ), given.docker, follows_user=given.build.docker_config == "user")
    connect = asked_once(partial(own_connection, registry, given.clock))
    return BuildClients(
        engine=_engine(find, stack),
        find=find,
        registry=patient(registry, patience),
        connect=connect,
        evidence=EvidenceStore(lambda: registry_at(connect())),
        parameters=patient(parameters, patience),
        patience=patience,
        clock=given.clock,
        progress=given.progress,
        secrets=given.secrets,
    )


def _engine(find: Callable[[], DockerServer], stack: ExitStack) -> Engine:
    engine = Engine(find)
    # A signal reaches the main thread alone, so calls that worker threads make to the engine are aborted at the end.
    stack.callback(engine.abort)
    stack.enter_context(WAY_OUT.telling(engine.hang_up))
    return engine


def _build_setting(given: _Given, source: str) -> BuildSetting:
    return BuildSetting(
        root=given.root,
        scratch=given.folder,
        docker=given.docker,
        logs=given.logs,
        options=given.build,
        packagers=given.packagers,
        source=source,
    )


def asked_patiently(clients: Clients) -> Clients:
    """Return the same clients, which ask again while an answer passes; what only this machine answers is left alone."""
    patience = clients.patience
    return replace(
        clients,
        parameters=patient(clients.parameters, patience),
        identity=patient(clients.identity, patience),
        registry=patient(clients.registry, patience),
        evidence=patient(clients.evidence, patience),
        fleet=patient(clients.fleet, patience),
        functions=patient(clients.functions, patience),
        cluster=patient(clients.cluster, patience),
        leases=patient(clients.leases, patience),
        alarms=patient(clients.alarms, patience),
        helm=patient(clients.helm, patience),
        effects=PatientEffects(
            clients.effects, patience, functions=clients.functions, helm=clients.helm, leases=clients.leases
        ),
    )


def _registry(aws: AwsClients, given: _Given) -> EcrRegistry:
    """The registry of images: the account's own, or the one that the project names."""
    return EcrRegistry(_registry_client(aws, given.build), given.secrets, given.build.registry)


def _registry_client(aws: AwsClients, build: BuildOptions) -> Any:
    place = ecr_host(build.registry)
    return aws.client("ecr", region=place.region, registry=place.account) if place else aws.client("ecr")


def _rehearsed(clients: Clients, journal: Journal) -> Clients:
    """Return the same clients with assumed effects, and readers that show them as if they had happened."""
    assumed = RehearsedEffects()
    return replace(
        clients,
        registry=readers.RehearsedRegistry(clients.registry, assumed),
        evidence=readers.RehearsedEvidence(clients.evidence, assumed),
        fleet=readers.RehearsedFleet(clients.fleet, assumed),
        functions=readers.RehearsedFunctions(clients.functions, assumed),
        cluster=readers.RehearsedCluster(clients.cluster, assumed),
        helm=readers.RehearsedHelm(clients.helm, assumed),
        leases=readers.RehearsedLeases(clients.leases, assumed),
        effects=NotedEffects(assumed, journal, "assumed"),
    )
