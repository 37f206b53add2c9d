"""`LiveEffects`: performs the effects."""

from collections.abc import Sequence
from typing import Protocol

from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.topics import SnsTopics
from erp_build.clients.effects import CheckRequest, ImageRequest, OnPackaged, UpgradeRequest
from erp_build.clients.files import write_file
from erp_build.clients.git.remote_branch import RemoteBranch
from erp_build.clients.helm.program import HelmProgram
from erp_build.clients.kubernetes.leases import ClusterLeases
from erp_build.model.check_run import CheckRun
from erp_build.model.images.image import LocalImage, PushedImage
from erp_build.model.project import Function, Service


class AssemblyEffects(Protocol):
    """The part of the assembly that changes something: jars, images, the project's checks (`build.assembly`)."""

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Make the jars; `on_packaged` is called with the name of each target and the seconds that its jar took."""

    def build_image(self, request: ImageRequest) -> LocalImage:
        """Make an image in the engine."""

    def push(self, request: ImageRequest) -> PushedImage:
        """Push an image under its tag."""

    def run_check(self, request: CheckRequest) -> CheckRun:
        """Run a check of the project on a target's sources."""


class LiveEffects:
    """Performs the effects: says which client does each of them."""

    def __init__(
        self,
        *,
        assembly: AssemblyEffects,
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
        self.write_file = write_file
        self.rollback_release = helm.rollback
        self.uninstall_release = helm.uninstall
        self.edit_branch = branch.edit
        self.write_lease = leases.write
        self.tag = registry.put_tag
        self.notify = topics.publish

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Install or upgrade the release."""
        self._helm.upgrade(request.release, request.chart, request.values, request.description, request.timeout)
