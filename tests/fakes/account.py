"""The smaller things that a run asks: Parameter Store, the caller, Maven and engine, and where the stages speak."""

from collections.abc import Sequence
from datetime import datetime

from erp_build.config.environment import PARAMETER_RULES
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.model.codepipeline import Approval
from erp_build.model.project import Function, Service
from erp_build.model.releases.deployment import Alarm
from erp_build.model.releases.traces import Trace, TracePage

TRACES_OF_PAGE = 7
ACCOUNT, REGION, CLUSTER = "123456789012", "ap-northeast-2", "erp-dev"


class FakeParameters:
    """Parameter Store as a dictionary."""

    def __init__(self, prefix: str = "/erp/dev") -> None:
        values = (ACCOUNT, REGION, CLUSTER, "erp", "erp", "dev")
        self.secrets: dict[str, str] = {}
        self.values = dict(zip((f"{prefix}/{name}" for name in PARAMETER_RULES), values, strict=True))

    def read(self, names: Sequence[str]) -> dict[str, str]:
        return {name: self.values[name] for name in names if name in self.values}

    def read_secrets(self, names: Sequence[str]) -> dict[str, str]:
        """Those that were kept as secrets; a value of another type is none."""
        if missing := [name for name in names if name not in self.secrets]:
            raise ConfigurationError("secrets cannot be read", why=f"{missing[0]} is not there")
        return {name: self.secrets[name] for name in names}


class FakeIdentity:
    """The caller."""

    def __init__(self) -> None:
        self.region = REGION
        self.number = ACCOUNT

    def account(self) -> str:
        return self.number


class FakeAlarms:
    """Alarms by name; `denied` says that they may not be read, `busy` how many readings are throttled."""

    def __init__(self) -> None:
        self.alarms: dict[str, str] = {"erp-dev-high-error-rate": "OK"}
        self.denied = False
        self.busy = 0

    def states(self, prefix: str) -> tuple[Alarm, ...]:
        if self.busy:
            self.busy -= 1
            raise ConfigurationError("cloudwatch:DescribeAlarms failed", where="alarms", why="Throttling").passing()
        if self.denied:
            raise ConfigurationError("cloudwatch:DescribeAlarms is not allowed", where="alarms", next_step="allow it")
        return tuple(Alarm(name, state) for name, state in self.alarms.items() if name.startswith(prefix))

    def named(self, names: Sequence[str]) -> tuple[Alarm, ...]:
        """Those that exist, of any prefix."""
        return tuple(one for one in self.states("") if one.name in names)


class FakeApprovals:
    """Approvals by pipeline and execution; `denied` says that they may not be read."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], tuple[Approval, ...]] = {}
        self.denied = False

    def given(self, pipeline: str, execution: str) -> tuple[Approval, ...]:
        if self.denied:
            raise ConfigurationError("codepipeline:ListActionExecutions is not allowed", where=pipeline)
        return self.known.get((pipeline, execution), ())


class FakeTraces:
    """Traces of X-Ray.

    Attributes:
        traces: name of a service -> its traces, with the time of each.
        denied: whether they may not be read.
        asked: the names that were asked for.
    """

    def __init__(self) -> None:
        self.traces: dict[str, list[tuple[datetime, Trace]]] = {}
        self.denied = False
        self.asked: list[str] = []

    def add(self, service: str, at: datetime, seconds: float, *, is_fault: bool = False) -> None:
        """A request went through a service."""
        found = self.traces.setdefault(service, [])
        found.append((at, Trace(f"1-{len(found):08x}-{service}", seconds, is_fault)))

    def page(self, service: str, begin: datetime, end: datetime, token: str = "") -> TracePage:
        """The traces of a time, few on a page."""
        self.asked.append(service)
        if self.denied:
            raise ConfigurationError("xray:GetTraceSummaries is not allowed", where=f"traces of {service}")
        found = [trace for at, trace in self.traces.get(service, []) if begin <= at < end]
        first, rest = int(token or 0), int(token or 0) + TRACES_OF_PAGE
        return TracePage(tuple(found[first:rest]), str(rest) if len(found) > rest else "")


class FakeAssembly:
    """Maven and engine; `missing` says what is not installed.

    `bases` is name of a base image -> the digest in its registry; another one cannot be asked. `jdk` is what builds.
    """

    def __init__(self) -> None:
        self.bases: dict[str, str] = {}
        self.asked: list[str] = []
        self.jdk: int | None = 17
        self.missing = ""
        self.checked: tuple[str, ...] = ()

    def require_buildable(self, targets: Sequence[Service | Function]) -> None:
        self.checked = tuple(target.name for target in targets)
        if targets and self.missing:
            raise BuildFailed(f"there is no {self.missing}", where="PATH")

    def base_digest(self, target: Service | Function, image: str) -> str:  # noqa: ARG002 - one answer for all
        self.asked.append(image)
        if image not in self.bases:
            step = "check the connection to the base image's registry"
            raise BuildFailed("the Docker engine refused a request", why=f"{image}: no such host", next_step=step)
        return self.bases[image]

    def jdk_release(self, target: Service | Function) -> int | None:  # noqa: ARG002
        return self.jdk

    def images_at_once(self) -> int:
        return 3

    def checks_at_once(self) -> int:
        return 3

    def pushes_at_once(self) -> int:
        return 2


class FakeProgress:
    """Keeps what was said, with the stage's name as a line of its own."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, name: str) -> None:
        self.lines.append(f"== {name}")

    def say(self, text: str, target: str = "") -> None:
        self.lines.append(f"{target}: {text}" if target else text)

    def detail(self, text: str, target: str = "") -> None:
        """A child's output is not kept."""

    def phase(self, target: str, name: str) -> None:
        """Where a target is, is not kept."""

    def amount(self, target: str, number: int) -> None:
        """What was moved is not kept."""
