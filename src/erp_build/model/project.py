"""The project: targets, shared inputs, chart and policies, as in erp-build.toml."""

from typing import Literal, NamedTuple

from erp_build.model.build_options import BuildOptions
from erp_build.model.packaging import Packaging
from erp_build.model.quality_checks.check import Check

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED", "UNTRIAGED")
"""Severities of findings, the worst first; UNTRIAGED is Inspector's, the others are ECR's."""

UNRATED = ("UNDEFINED", "UNTRIAGED")
"""Severities of a finding that nobody has rated yet: ECR's word and Inspector's word."""

Kind = Literal["eks", "lambda", "chart"]


class Service(NamedTuple):
    """A Deployment of the chart.

    Attributes:
        name: unique name, by default the last part of `path`.
        path: its directory, relative to the repository's root, `/` between the parts.
        repository: image repository without host and prefix, for instance `notification-service`.
        values_key: its mapping in the values file, such as `services.notification`, or `services[name=a]` in a list;
            `image.tag` where the image stands at the top of the file.
        dockerfile: its Dockerfile, relative to `path`; one that lies elsewhere begins with `../`.
        inputs: path patterns, or directories, outside of `path` that go into the image as well. What Maven takes from
            the repository (parents, modules) is found without it.
        layers: whether the jar's dependencies get a layer of their own in the image; needs Maven.
        package: who makes what the Dockerfile takes: `maven`; `none` where the Dockerfile does it all; or the name of
            a packager of your own. A directory without a pom.xml needs another one than `maven`.
        context: the folder that is sent to the builder, relative to the repository's root, by default `path`; `.` is
            the root.
        docker_target: the stage of the Dockerfile that is built; empty: the last one.
        args: build argument -> its value (`ARG` of the Dockerfile). No secrets: everybody reads them in the image.
        chart: the `[[chart]]` whose release it is of, or for a function with which it is deployed; only where there are
            several.
    """

    name: str
    path: str
    repository: str
    values_key: str
    dockerfile: str = "Dockerfile"
    inputs: tuple[str, ...] = ()
    layers: bool = False
    package: str = "maven"
    context: str = ""
    docker_target: str = ""
    args: tuple[tuple[str, str], ...] = ()
    kind: Literal["eks"] = "eks"
    chart: str = ""


class Function(NamedTuple):
    """A Lambda function that runs an image; what is not named here is as in `Service`.

    Attributes:
        function: its name in Lambda.
        publish: whether each new image becomes a numbered version.
        alias: the alias that is moved to that version; empty: none.
    """

    name: str
    path: str
    repository: str
    function: str
    dockerfile: str = "Dockerfile"
    inputs: tuple[str, ...] = ()
    layers: bool = False
    package: str = "maven"
    context: str = ""
    docker_target: str = ""
    args: tuple[tuple[str, str], ...] = ()
    kind: Literal["lambda"] = "lambda"
    publish: bool = False
    alias: str = ""
    chart: str = ""


class Chart(NamedTuple):
    """A Helm chart and its one release. Several are an array, `[[chart]]`, and each is deployed by itself.

    Attributes:
        name: of a `[[chart]]`: what services name it by, and what the plan calls it.
        path: its directory.
        values: the values file, relative to `path`, or a list of them; each overrides those before it, and the image
            tags are written into the last one.
        below: of a list, the files before the last one.
        release: the name that it is installed under.
        namespace: of the cluster, in which it is installed.
        timeout: seconds for the upgrade and the rollout together.
        stable: seconds that the new pods must stay ready without a restart.
        stable_without_probe: seconds for which pods without a readiness probe are watched once all are ready, beyond
            `timeout`; a restart or a lost pod fails the deployment.
        lost_values: what happens to values that a release was installed with by somebody else and that the values file
            does not have: `refuse` stops before the first write, `drop` deploys without them.
        pin: whether the values file names `tag@digest`: where the templates allow it, always, or never.
    """

    path: str = "helm-chart"
    values: str = "values-dev.yaml"
    release: str = "erp-microservices"
    namespace: str = "erp-dev"
    timeout: float = 300.0
    name: str = "helm-chart"
    kind: Literal["chart"] = "chart"
    stable: float = 5.0
    stable_without_probe: float = 90.0
    lost_values: Literal["refuse", "drop"] = "refuse"
    pin: Literal["auto", "always", "never"] = "auto"
    below: tuple[str, ...] = ()


Target = Service | Function | Chart


class GatePolicy(NamedTuple):
    """What the gate blocks.

    Attributes:
        block: severities of which a single finding stops.
        timeout: seconds for the scans of all images together.
        limits: (severity, most): more findings of it than `most` stop; added to `block`.
        new_only: whether only findings count that the deployed image does not have.
        fixable_only: whether only findings count for which there may be a fix.
        undefined: the severity that a finding without a rating counts as; `UNDEFINED`: as itself.
        waivers: path of the waiver file, relative to the root; empty: none.
        max_age: seconds; an older result of an image that does not run yet is asked for anew.
        evidence: with `evidence` of `[build]`, which images must have theirs: those that this run builds, or all that
            it deploys, reused and running ones too.
    """

    block: tuple[str, ...] = ("CRITICAL",)
    timeout: float = 600.0
    limits: tuple[tuple[str, int], ...] = ()
    new_only: bool = False
    fixable_only: bool = False
    undefined: str = "UNDEFINED"
    waivers: str = ""
    max_age: float = 86400.0
    evidence: Literal["built", "all"] = "built"

    @property
    def severities(self) -> tuple[str, ...]:
        """The severities that may block."""
        return (*self.block, *(name for name, _ in self.limits))


OnFailure = Literal["rollback", "keep", "forward", "rollback-over-migrations"]
WriteBack = Literal["none", "branch"]

MIN_LOCK_EXPIRES_S, MAX_LOCK_EXPIRES_S = 5.0, 600.0
"""Seconds: a shorter lock is lost between two heartbeats, and so long a dead run holds up all others at most."""


class DeployPolicy(NamedTuple):
    """How a deployment is guarded and what follows a failed one.

    Attributes:
        on_failure: `rollback` rolls functions and release back to what ran before, but not over a migration that ran;
            `rollback-over-migrations` does that too; `keep` leaves everything as it is; `forward` never goes back.
        lock_expires: seconds (5 to 600) after its last heartbeat until the lock of a dead run may be taken.
        alarms: prefix of the names of the alarms that are read after a deployment; empty: project-environment-.
        write_back: `branch` commits the new tags to `branch` after a proven deployment; `none` does not.
        branch: the branch on `origin` that gets them.
        units: what stands and falls as one: `together`, a release and the functions that are deployed with it; `apart`,
            each release and each function by itself. Several releases are never deployed as one.
        traces: seconds (10 to 3600) behind the proof whose traces of X-Ray are compared with the same time before the
            deployment; 0: they are not.
        bake: seconds (1 to 14400) behind the proof for which what was deployed is watched before it counts: pods,
            targets of load balancers, alarms; what breaks takes it back. 0: it is not.
        bake_alarms: names of the alarms that count meanwhile, metric or composite; empty: those that `alarms` reads.
        bake_http: an address that must answer 2xx meanwhile, as the run reaches it; empty: none.
        bake_command: argument vector of a program that must end with 0 meanwhile, run at the root of the repository
            again and again, for a minute at most; empty: none.
    """

    on_failure: OnFailure = "rollback"
    lock_expires: float = 30.0
    alarms: str = ""
    write_back: WriteBack = "none"
    branch: str = "main"
    units: Literal["together", "apart"] = "together"
    traces: float = 0.0
    bake: float = 0.0
    bake_alarms: tuple[str, ...] = ()
    bake_http: str = ""
    bake_command: tuple[str, ...] = ()


class NotifyPolicy(NamedTuple):
    """Who is notified about the end of runs.

    Attributes:
        topic: name or ARN of a topic of SNS; empty: that of the alarms, `<project>-<environment>-alarms`.
        on: failure, recovery (the run before failed, this one deployed), success (each one that deployed), approval (a
            saved plan waits for somebody who approves it).
    """

    topic: str = ""
    on: tuple[str, ...] = ("failure", "recovery", "approval")


class Project(NamedTuple):
    """All of `erp-build.toml`.

    Attributes:
        parameters: prefix in Parameter Store, such as `/erp/dev`.
        shared: path patterns, or directories with all their content; a change there builds every service and function.
        ignore: patterns as in .gitignore; what they match belongs to nobody.
        timeout: seconds for a run until its deployment is proven; going back after a failure has its own time. By
            default there is no limit.
        config_path: where this project was read from, relative to the root; itself a shared input. Empty: the default.
        packagings: packagers that a caller of the library has given.
        more_charts: the charts after the first one, where there are several.
        has_release: false for a function that is deployed by itself: `chart` then says only where its lock is.
    """

    parameters: str = "/erp/dev"
    shared: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    timeout: float = 0.0
    services: tuple[Service, ...] = ()
    functions: tuple[Function, ...] = ()
    chart: Chart = Chart()
    gate: GatePolicy = GatePolicy()
    build: BuildOptions = BuildOptions()
    deploy: DeployPolicy = DeployPolicy()
    notify: NotifyPolicy = NotifyPolicy()
    checks: tuple[Check, ...] = ()
    config_path: str = ""
    packagings: tuple[Packaging, ...] = ()
    more_charts: tuple[Chart, ...] = ()
    has_release: bool = True

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart, in the order of the file."""
        return (self.chart, *self.more_charts) if self.has_release else ()

    @property
    def releases(self) -> tuple["Project", ...]:
        """For each release a project of its chart, its services, and the functions that are named with it."""
        if not self.more_charts:
            return (self,)
        return tuple(
            self._replace(
                chart=chart,
                more_charts=(),
                services=tuple(one for one in self.services if one.chart == chart.name),
                functions=tuple(one for one in self.functions if one.chart == chart.name),
            )
            for chart in self.charts
        )

    @property
    def image_targets(self) -> tuple[Service | Function, ...]:
        """Everything that is built into an image, in the order of the file."""
        return (*self.services, *self.functions)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Everything that is deployed: services, functions, then the charts."""
        return (*self.image_targets, *self.charts)


FILE_NAME = "erp-build.toml"
