"""Kubernetes and Helm, compiled from their published Go modules into the cache, once per version.

One generated module holds Kubernetes and both Helms: they use the same minor of the `k8s.io` libraries, so a package
that was compiled for one is there for the others. A program is moved into the cache only when it is whole.
"""

import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.component import Component
from sandbox.machine import go
from sandbox.paths import CACHE, ROOT

VERSIONS: dict[str, str] = tomllib.loads((ROOT / "sandbox" / "versions.toml").read_text(encoding="utf-8"))["go"]
KUBERNETES = VERSIONS["kubernetes"]
MINOR = ".".join(KUBERNETES.split(".")[:2])
"""The version as EKS names it, for instance `1.34`."""

MODULE = CACHE / f"go-module-{KUBERNETES}-{VERSIONS['helm3']}-{VERSIONS['helm4']}"


@dataclass(frozen=True, slots=True)
class Program:
    """One program to compile; `seconds` is what it takes on two cores after the ones before it in `PROGRAMS`."""

    path: Path
    package: str
    seconds: int

    @property
    def name(self) -> str:
        """The name with the version, as the cache has it."""
        return f"{self.path.parent.name}/{self.path.name}"


def _kubernetes(name: str, seconds: int) -> Program:
    return Program(CACHE / f"kubernetes-{KUBERNETES}" / name, f"k8s.io/kubernetes/cmd/{name}", seconds)


def _helm(major: int, seconds: int) -> Program:
    return Program(CACHE / f"helm-{VERSIONS[f'helm{major}']}" / "helm", f"helm.sh/helm/v{major}/cmd/helm", seconds)


CLUSTER = (
    _kubernetes("kube-apiserver", 253),
    _kubernetes("kube-controller-manager", 68),
    _kubernetes("kube-scheduler", 7),
    _kubernetes("kubelet", 22),
)
HELM3 = _helm(3, 23)
HELM4 = _helm(4, 18)


def kubernetes() -> Path:
    """The folder with kube-apiserver, kube-controller-manager, kube-scheduler and kubelet, compiled when missing."""
    _compile(CLUSTER)
    return CLUSTER[0].path.parent


def helm3() -> Path:
    """Helm 3, compiled when missing."""
    _compile((HELM3,))
    return HELM3.path


def helm4() -> Path:
    """Helm 4, compiled when missing."""
    _compile((HELM4,))
    return HELM4.path


class Binaries:
    """Programs of the sandbox that are compiled; `down` leaves them, because the cache outlives a sandbox."""

    name = "binaries"

    def __init__(self, *programs: Program) -> None:
        self._programs = programs

    def is_up(self) -> bool:
        """Whether every program is in the cache."""
        return all(program.path.exists() for program in self._programs)

    def up(self) -> None:
        """Compile what is missing."""
        _compile(self._programs)

    def down(self) -> None:
        """Nothing runs, and the cache stays."""


GO_BINARIES: Component = Binaries(*CLUSTER, HELM3, HELM4)
BINARIES_OF_THE_DEMO: Component = Binaries(*CLUSTER, HELM3)
"""Without Helm 4, in which the demo is not played."""


def _compile(programs: tuple[Program, ...]) -> None:
    missing = [program for program in programs if not program.path.exists()]
    if not missing:
        return
    go.announce(len(missing), sum(program.seconds for program in missing))
    _ensure_module()
    for program in missing:
        _build(program)


def _build(program: Program) -> None:
    program.path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.path.parent) as folder:
        built = Path(folder) / program.path.name
        flags = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in stamps())])
        with go.told(f"compiling {program.name}"):
            go.run("build", "-o", str(built), "-ldflags", flags, program.package, cwd=MODULE)
        built.replace(program.path)


def stamps() -> Iterator[tuple[str, str]]:
    """The variables that a release build sets; without them the programs tell a short or a zero version."""
    major, minor = MINOR.split(".")
    yield "k8s.io/component-base/version.gitVersion", f"v{KUBERNETES}"
    yield "k8s.io/component-base/version.gitMajor", major
    yield "k8s.io/component-base/version.gitMinor", minor
    yield "helm.sh/helm/v3/internal/version.version", VERSIONS["helm3"]
    yield "helm.sh/helm/v4/internal/version.version", VERSIONS["helm4"]
    yield "helm.sh/helm/v4/internal/version.kubeClientVersionMajor", major
    yield "helm.sh/helm/v4/internal/version.kubeClientVersionMinor", minor
    for package in ("v3/pkg/chartutil", "v3/pkg/lint/rules", "v4/pkg/chart/common", "v4/pkg/chart/v2/lint/rules"):
        yield f"helm.sh/helm/{package}.k8sVersionMajor", major
        yield f"helm.sh/helm/{package}.k8sVersionMinor", minor


def _ensure_module() -> None:
    """Write and resolve the module in a folder beside, so that a half-resolved one is never used."""
    if MODULE.exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        work = Path(folder) / "module"
        work.mkdir()
        with go.told("downloading the Go modules"):
            (work / "go.mod").write_text(_go_mod(), encoding="utf-8")
            go.run("mod", "tidy", cwd=work)
        work.replace(MODULE)


def _go_mod() -> str:
    """A go.mod that requires Kubernetes and both Helms.

    Kubernetes replaces its staging modules by folders of its own repository, which a dependent module cannot use;
    each is replaced by what was published of it, as v0.<minor>.<patch>.
    """
    published = "v0." + KUBERNETES.split(".", 1)[1]
    source = go.ask("mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}")["GoMod"]
    upstream = go.ask("mod", "edit", "-json", source)
    staging = [entry["Old"]["Path"] for entry in upstream["Replace"]]
    lines = [
        "module sandbox/programs",
        f"go {upstream['Go']}",
        f"require k8s.io/kubernetes v{KUBERNETES}",
        f"require helm.sh/helm/v3 {VERSIONS['helm3']}",
        f"require helm.sh/helm/v4 {VERSIONS['helm4']}",
        *(f"replace {path} => {path} {published}" for path in staging),
        *(f"tool {program.package}" for program in (*CLUSTER, HELM3, HELM4)),
    ]
    return "\n\n".join(lines) + "\n"
