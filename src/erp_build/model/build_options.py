"""How jars and images are made, and what a build may use: `[build]` of erp-build.toml."""

from typing import Literal, NamedTuple

Tests = Literal["compile", "run", "skip"]
Builder = Literal["auto", "direct", "classic", "buildkit"]
DockerConfig = Literal["own", "user"]

FINDINGS = ("secret", "source", "buildkit")
"""What a Dockerfile is refused for: a value that is a secret, a source that is not there, what needs BuildKit."""


class CodeArtifact(NamedTuple):
    """The domain of CodeArtifact whose token a build gets: a `[build.codeartifact]` table.

    Attributes:
        domain: its name.
        owner: the account that it belongs to; empty: the caller's own.
        region: where it is; empty: the run's own.
    """

    domain: str
    owner: str = ""
    region: str = ""


class Allowance(NamedTuple):
    """What of a Dockerfile is meant as it is, although it looks like a mistake: a `[[build.allow]]` table.

    Attributes:
        finding: a value that is a secret, a source that is not there, or what needs BuildKit.
        name: the variable, the source, or what needs BuildKit, as the refusal names it.
        reason: why it is meant.
        services: names of the services and functions that it is for; empty: all.
    """

    finding: str
    name: str
    reason: str
    services: tuple[str, ...] = ()


class FanOut(NamedTuple):
    """Builds on further machines of CodeBuild: a `[build.fan_out]` table.

    Attributes:
        workers: builds of CodeBuild at most; 0: never any.
        least: services and functions to build, of several releases in all of them, from which on workers are begun.
        project: the project of CodeBuild whose builds they are, with a source of its own; empty: that of the run, which
            no pipeline may have started.
        buildspec: path of a buildspec in the repository that calls `erp_build build --only $ERP_BUILD_ONLY`; empty: one
            line that does so, and nothing else.
        timeout: seconds that a worker has, its time in the queue included.
    """

    workers: int = 0
    least: int = 12
    project: str = ""
    buildspec: str = ""
    timeout: float = 3600.0


class BuildOptions(NamedTuple):
    """How jars and images are made, and what a build may use.

    Attributes:
        tests: what Maven does with the services' tests: only compile them, run them, or leave them alone.
        builder: none of an engine (`direct`), the engine's classic one, BuildKit by the docker program, or the first of
            these that makes exactly the image of the Dockerfile.
        timeout: seconds for one call of Maven.
        registry: host of the ECR registry that images are pushed to; empty: that of the caller's account and region.
        docker_config: whose sign-ins and context the engine's calls use: only those of this file (`own`), or also
            those of `docker login` on this machine (`user`).
        passed: variables of the run's environment that Maven gets, and BuildKit as secrets of the same name.
        secrets: (variable, full name of a SecureString) for Maven's environment and for BuildKit's secret mounts.
        sign_in: (host of a registry, full name of a SecureString or `aws`) for pulls.
        mirrors: (host of a registry, host and prefix from which its images are fetched).
        codeartifact: domain, owner and region of `CodeArtifact`; none: no token is asked for.
        allow: what of a Dockerfile is meant as it is; see `[[build.allow]]`.
        evidence: whether each image that is built gets an SBOM and a statement about how it was made, which are read
            back before it is deployed.
        fan_out: whether further machines of CodeBuild build; see `[build.fan_out]`.
    """

    tests: Tests = "compile"
    builder: Builder = "auto"
    timeout: float = 1200.0
    registry: str = ""
    docker_config: DockerConfig = "own"
    passed: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    sign_in: tuple[tuple[str, str], ...] = ()
    mirrors: tuple[tuple[str, str], ...] = ()
    codeartifact: tuple[str, ...] = ()
    allow: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()
    evidence: bool = False
    fan_out: tuple[int, int, str, str, float] = FanOut()

    def allows(self, target: str, finding: str, name: str) -> bool:
        """Whether a finding about the Dockerfile of a target is meant as it is."""
        rows = (Allowance(*row) for row in self.allow)
        meant = (row for row in rows if (row.finding, row.name) == (finding, name))
        return any(not row.services or target in row.services for row in meant)
