"""Puts the components of the sandbox up, in order, and takes them down."""

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sandbox.aws.codebuild.component import CODEBUILD
from sandbox.aws.ecr.component import REGISTRY
from sandbox.aws.ecr.host_names import HOST_NAMES
from sandbox.aws.fault_proxy.client import Faults
from sandbox.aws.fault_proxy.component import FAULT_PROXY
from sandbox.aws.ministack import MINISTACK
from sandbox.cluster.component import KUBERNETES
from sandbox.cluster.custom_resources import CUSTOM_RESOURCES
from sandbox.cluster.go_binaries import BINARIES_OF_THE_DEMO, GO_BINARIES
from sandbox.cluster.sign_in.component import SIGN_IN
from sandbox.component import Component
from sandbox.docker.buildkit import BUILDKIT
from sandbox.docker.engine import ENGINE
from sandbox.docker.foreign_images import FOREIGN_IMAGES
from sandbox.docker.hub_images import HUB_IMAGES
from sandbox.docker.java_base_image import JAVA_BASE_IMAGE
from sandbox.machine import go, stray_folders
from sandbox.machine.debian_packages import DEBIAN_PACKAGES
from sandbox.machine.processes import unmount_below
from sandbox.paths import CACHE, STATE
from sandbox.tenants import provisioning
from sandbox.tenants.default_tenant import DEFAULT_TENANT, ERP

AWS_COMPONENTS = (
    DEBIAN_PACKAGES,
    HOST_NAMES,
    ENGINE,
    JAVA_BASE_IMAGE,
    FOREIGN_IMAGES,
    MINISTACK,
    REGISTRY,
    CODEBUILD,
    FAULT_PROXY,
    HUB_IMAGES,
)
CLUSTER_COMPONENTS = (GO_BINARIES, SIGN_IN, KUBERNETES, CUSTOM_RESOURCES)
COMPONENTS: tuple[Component, ...] = (*AWS_COMPONENTS, BUILDKIT, *CLUSTER_COMPONENTS, DEFAULT_TENANT)
CLUSTER_OF_THE_DEMO: tuple[Component, ...] = (BINARIES_OF_THE_DEMO, SIGN_IN, KUBERNETES, CUSTOM_RESOURCES)
"""The demo makes its tenant itself: before there is a cluster."""


def up(components: tuple[Component, ...] = COMPONENTS) -> None:
    """Put every component up, in order; what is up already is left alone."""
    start = time.monotonic()
    stray_folders.note()
    _put_up(components)
    print(f"The sandbox is up ({time.monotonic() - start:.1f} s). Cache: {CACHE}, state: {STATE}")


def install() -> None:
    """Do the first part of `up`: Debian's packages, Kubernetes and Helm, which stay when the sandbox goes."""
    _put_up((DEBIAN_PACKAGES, GO_BINARIES))


def _put_up(components: tuple[Component, ...]) -> None:
    for component in components:
        began = time.monotonic()
        if component.is_up():
            print(f"{component.name:<18} is up", flush=True)
            continue
        print(f"{component.name:<18} ...", flush=True)
        component.up()
        print(f"{component.name:<18} up in {time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def meanwhile(component: Component) -> Iterator[None]:
    """Put a component up in a thread of its own during the block, and wait for it at the end of the block.

    What fails in the block ends the compilation as well; what fails in the thread is raised behind the block.
    """
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(component.up)
        try:
            yield
        except BaseException:
            go.stop_compiling()
            raise
        begun.result()


def down() -> None:
    """Take every component down, in reverse order, and remove the state; the cache of built programs stays."""
    for component in reversed(COMPONENTS):
        component.down()
        print(f"{component.name:<18} down", flush=True)
    unmount_below(STATE)
    stray_folders.remove()
    if STATE.exists():
        shutil.rmtree(STATE)


def status() -> int:
    """A line per component; 0 when all are up."""
    states = [(component.name, component.is_up()) for component in COMPONENTS]
    for name, is_up in states:
        print(f"{name:<18} {'up' if is_up else 'down'}")
    return 0 if all(is_up for _, is_up in states) else 1


def reset() -> None:
    """Bring the account back to its beginning and let everything go right again."""
    Faults().clear()
    provisioning.create(ERP.name)
    print("The account is as it was at the beginning.")
