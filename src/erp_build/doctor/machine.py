"""Checks of this machine: the programs, disk and memory that a build needs."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir

from erp_build.clients.helm.program import OLDEST_HELM
from erp_build.clients.maven.checkout import MavenCheckout, Needs
from erp_build.clients.maven.place import release_of, wrapper_of
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.doctor.protocols import Version
from erp_build.errors import BuildFailed, ErpBuildError
from erp_build.model.packaging import is_maven
from erp_build.model.project import Function, Service

OLDEST_PYTHON, OLDEST_GIT = (3, 11), (2, 30)
GIGABYTE = 10**9
ENOUGH_DISK = (10 * GIGABYTE, 2 * GIGABYTE)
"""Bytes below which it is a warning, and below which it is a problem.

Four images with their layers, Maven's repository and the context take about five gigabytes.
"""

NO_POM_HINT = 'correct `path` of the service in erp-build.toml, or write package = "none": the Dockerfile does it all'
NO_MAVEN = "no service is packaged by Maven"
NO_ENGINE_NEEDED = "no service needs an engine"

ENOUGH_MEMORY = (2 * GIGABYTE, GIGABYTE // 2)
"""The same of memory. An engine and one Maven need two gigabytes; below half a gigabyte Maven is killed."""


def check_python(facts: Facts) -> CheckResult:
    """The Python that runs erp_build."""
    look, version = Look("the running Python"), facts.local.machine.python()
    if version[:2] < OLDEST_PYTHON:
        return look.problem(dotted(version), "install Python 3.11 or newer")
    return look.ok(dotted(version))


def check_git(facts: Facts) -> CheckResult:
    """The program `git`."""
    return _program(facts, "git", OLDEST_GIT, "install git 2.30 or newer")


def check_helm(facts: Facts) -> CheckResult:
    """The program `helm`."""
    return _program(facts, "helm", OLDEST_HELM, "install Helm 3.14 or newer, or Helm 4")


def check_maven(facts: Facts) -> CheckResult:
    """The program `mvn`, for the services without a wrapper."""
    poms = _poms(facts)
    without = [name for name, needs in _needs(facts, poms).items() if not wrapper_of(needs)]
    look = Look(f"mvn in PATH; pom.xml and mvnw of {len(facts.project.image_targets)} services")
    if facts.project.image_targets and not _with_maven(facts):
        return look.ok(NO_MAVEN)
    if missing := _without_pom(facts, poms):
        return look.problem(f"no pom.xml: {', '.join(missing)}", NO_POM_HINT)
    if not poms:
        return look.unknown("erp-build.toml has no service that is built", "write a [[service]] for each")
    if not without:
        return look.ok("every service brings its wrapper")
    version = facts.local.machine.version_of("mvn")
    if version is None:
        return look.problem(f"there is no mvn, and no wrapper: {', '.join(without)}", "install Maven, or add mvnw")
    return look.ok(f"Maven {dotted(version)}")


def check_jdk(facts: Facts) -> CheckResult:
    """The JDKs, against the release that each pom asks for."""
    wanted = {name: release_of(needs) for name, needs in _needs(facts, _poms(facts)).items()}
    homes = facts.local.machine.jdks()
    there = ", ".join(f"JDK {release}" for release in sorted(homes)) or "no JDK"
    look = Look("JAVA_HOME, JAVA_*_HOME and javac in PATH; java.version of each pom.xml")
    if facts.project.image_targets and not _with_maven(facts):
        return look.ok(f"{there}; {NO_MAVEN}")
    if not wanted:
        return look.unknown(f"{there}; no pom.xml says which one is wanted", NO_POM_HINT)
    asked = sorted({release for release in wanted.values() if release})
    if not homes or any(release > max(homes) for release in asked):
        who = ", ".join(f"{name} wants {release}" for name, release in wanted.items() if release)
        newest = max(asked, default=17)
        return look.problem(f"{there}; {who}", f"install a JDK {newest} and set JAVA_{newest}_HOME")
    if others := [release for release in asked if release not in homes]:
        found = f"{there}, and none of release {', '.join(map(str, others))}, which a pom asks for: a newer one is used"
        return look.warning(found, f"install a JDK {others[-1]}: libraries of its time break on newer ones")
    return look.ok(f"{there}; asked for: {', '.join(map(str, asked)) or 'nothing'}")


def check_engine(facts: Facts) -> CheckResult:
    """The Docker engine, if a service needs one."""
    try:
        version = facts.local.machine.engine()
    except BuildFailed as error:
        look = Look(f"the Docker engine at {error.where}")
        if needs_no_engine(facts):
            return look.ok(f"{error.what}; {NO_ENGINE_NEEDED}")
        return look.problem(error.what, error.next_step)
    return Look("the Docker engine").ok(f"answers, version {version}")


def check_engine_needs(facts: Facts) -> CheckResult:
    """Which services need a Docker engine, and why."""
    needs, builder = facts.engine_needs(), str(facts.project.build.builder)
    look = Look(f"the Dockerfiles of {len(needs)} services, and `builder` and `tests` of [build]")
    if not needs:
        return look.unknown("erp-build.toml has no service that is built", "write a [[service]] for each")
    lines = [f"{name}: {'; '.join(reasons)}" for name, reasons in needs.items() if reasons]
    if others := [name for name, reasons in needs.items() if not reasons]:
        lines.append(f"none for {', '.join(others)}")
    if builder == "direct" and len(others) < len(needs):
        return look.problem(
            "\n".join(lines), 'change what is named, or set builder = "auto" in [build]: the engine builds these'
        )
    return look.ok("\n".join(lines) if len(others) < len(needs) else NO_ENGINE_NEEDED)


def needs_no_engine(facts: Facts) -> bool:
    """Whether it is known of every service that it needs no engine."""
    try:
        needs = facts.engine_needs()
    except ErpBuildError:
        return False
    return bool(needs) and not any(needs.values())


def check_disk(facts: Facts) -> CheckResult:
    """Free disk space for the repository and for temporary files."""
    free = {str(folder): facts.local.machine.free_disk(folder) for folder in (facts.root, Path(gettempdir()))}
    found = ", ".join(f"{size / GIGABYTE:.1f} GB free" for size in dict.fromkeys(free.values()))
    hint = "make room: docker system prune"
    return _by_size(Look(" and ".join(free)), found, min(free.values()), ENOUGH_DISK, hint)


def check_memory(facts: Facts) -> CheckResult:
    """Memory that programs may still take, within a container's limits too."""
    look, memory = Look("/proc/meminfo and the limits of the container"), facts.local.machine.memory()
    if memory is None:
        return look.unknown("this system does not say", "check by hand: a build needs about 2 GB")
    found = f"{memory / GIGABYTE:.1f} GB available"
    hint = "take a larger machine (BUILD_GENERAL1_MEDIUM)"
    return _by_size(look, found, memory, ENOUGH_MEMORY, hint)


def dotted(version: Version) -> str:
    """A version as text, such as 3.11.2."""
    return ".".join(map(str, version))


def _program(facts: Facts, name: str, oldest: tuple[int, int], hint: str) -> CheckResult:
    look, version = Look(f"{name} in PATH"), facts.local.machine.version_of(name)
    if version is None:
        return look.problem(f"there is no {name} that tells its version", hint)
    return look.problem(f"it is {dotted(version)}", hint) if version[:2] < oldest else look.ok(dotted(version))


def _by_size(look: Look, found: str, size: int, enough: tuple[int, int], hint: str) -> CheckResult:
    little, scarce = enough
    if size < scarce:
        return look.problem(found, hint)
    return look.warning(found, hint) if size < little else look.ok(found)


def _with_maven(facts: Facts) -> list[Service | Function]:
    """The targets that Maven makes a jar for."""
    return [target for target in facts.project.image_targets if is_maven(target)]


def _without_pom(facts: Facts, poms: Mapping[str, Path]) -> list[str]:
    """The places of the poms that are not there."""
    return [f"{target.path}/pom.xml" for target in _with_maven(facts) if target.name not in poms]


def _needs(facts: Facts, poms: Mapping[str, Path]) -> Mapping[str, Needs]:
    """Target name -> what Maven builds for it: parents and other modules may have the wrapper, or ask for a JDK."""
    checkout = MavenCheckout(facts.root)
    return {name: checkout.needs_of(pom.parent) for name, pom in poms.items()}


def _poms(facts: Facts) -> Mapping[str, Path]:
    """Target name -> its pom.xml. A target without one is left out."""
    poms = {target.name: facts.root / target.path / "pom.xml" for target in _with_maven(facts)}
    return {name: pom for name, pom in poms.items() if pom.is_file()}
