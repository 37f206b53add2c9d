"""The composition root: makes the clients once, joins them to tools, and picks live or rehearsal."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import boto3

from erp_build.tools.alarms import CloudWatchAlarms
from erp_build.tools.aws import CONFIG, Caller, open_session
from erp_build.tools.clock import Clock
from erp_build.tools.cluster import EksCluster
from erp_build.tools.connection import ClusterConnection
from erp_build.tools.effects import Journal
from erp_build.tools.engine import Engine
from erp_build.tools.functions import LambdaFunctions
from erp_build.tools.git import GitRepository
from erp_build.tools.helm import HelmProgram
from erp_build.tools.kubeconfig import ClusterAccess
from erp_build.tools.leases import ClusterLeases
from erp_build.tools.live import Live
from erp_build.tools.maven import Maven
from erp_build.tools.parameters import ParameterStore
from erp_build.tools.progress import Progress
from erp_build.tools.registry import EcrRegistry
from erp_build.tools.rehearsal import (
    Assumptions,
    Rehearsal,
    RehearsedCluster,
    RehearsedFunctions,
    RehearsedLeases,
    RehearsedRegistry,
)
from erp_build.tools.secrets import Secrets
from erp_build.tools.toolbox import Tools
from erp_build.tools.workshop import LocalWorkshop


@contextmanager
def open_tools(
    root: Path, *, clock: Clock, progress: Progress, secrets: Secrets, journal: Journal, rehearse: bool = False
) -> Iterator[Tools]:
    """The tools for one repository; what they keep in files is outside of it, private, and gone afterwards.

    Args:
        root: of the repository.
        clock: the time.
        progress: where the stages speak.
        secrets: learns every secret that is read.
        journal: learns every effect.
        rehearse: assume effects instead of performing them.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="erp-build-")))
        # The engine's client would ask the credential helpers of the user's configuration, which a run does not need.
        os.environ["DOCKER_CONFIG"] = str(folder)
        tools, cluster = _live_tools(root, folder, clock, progress, secrets, journal)
        stack.callback(cluster.close)
        yield _rehearsed(tools, journal) if rehearse else tools


def reading_tools(root: Path, clock: Clock, progress: Progress, secrets: Secrets) -> AbstractContextManager[Tools]:
    """The tools for a command that only reads."""
    return open_tools(root, clock=clock, progress=progress, secrets=secrets, journal=Journal())


def _live_tools(
    root: Path, folder: Path, clock: Clock, progress: Progress, secrets: Secrets, journal: Journal
) -> tuple[Tools, EksCluster]:
    session = open_session()
    registry = EcrRegistry(session.client("ecr", config=CONFIG), secrets)
    functions = LambdaFunctions(session.client("lambda", config=CONFIG), clock, progress.say, secrets)
    access = _cluster_access(session, folder, secrets)
    connection = ClusterConnection(access)
    cluster, leases, helm = EksCluster(access, connection), ClusterLeases(connection), HelmProgram(access)
    maven, engine = Maven(), Engine()
    return Tools(
        repository=GitRepository(root),
        parameters=ParameterStore(session.client("ssm", config=CONFIG), secrets),
        identity=Caller(session.client("sts", config=CONFIG), session.region_name),
        registry=registry,
        functions=functions,
        cluster=cluster,
        leases=leases,
        alarms=CloudWatchAlarms(session.client("cloudwatch", config=CONFIG)),
        helm=helm,
        workshop=LocalWorkshop(root, maven, engine),
        effects=Live(
            root,
            maven=maven,
            engine=engine,
            registry=registry,
            functions=functions,
            helm=helm,
            leases=leases,
            journal=journal,
            progress=progress,
        ),
        clock=clock,
        progress=progress,
        secrets=secrets,
    ), cluster


def _cluster_access(session: boto3.Session, folder: Path, secrets: Secrets) -> ClusterAccess:
    return ClusterAccess(session, session.client("eks", config=CONFIG), folder, secrets)


def _rehearsed(tools: Tools, journal: Journal) -> Tools:
    """The same tools, reading the real world with the assumed effects laid over it."""
    assumed = Assumptions()
    return replace(
        tools,
        registry=RehearsedRegistry(tools.registry, assumed),
        functions=RehearsedFunctions(tools.functions, assumed),
        cluster=RehearsedCluster(tools.cluster, assumed),
        leases=RehearsedLeases(tools.leases, assumed),
        effects=Rehearsal(journal, assumed),
    )
