"""What a run may read of a deployment behind its proof: one protocol for each external system."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from erp_build.model.releases.bake import TargetHealth
from erp_build.model.releases.deployment import Alarm
from erp_build.model.releases.logs import RecordPage
from erp_build.model.releases.traces import TracePage


class Alarms(Protocol):
    """CloudWatch."""

    def states(self, prefix: str) -> tuple[Alarm, ...]:
        """The alarms whose names begin so; raises `ConfigurationError` where they may not be read."""

    def named(self, names: Sequence[str]) -> tuple[Alarm, ...]:
        """Those of the alarms that exist; raises `ConfigurationError` where they may not be read."""


class Health(Protocol):
    """Load balancers, and the checks that a project names for a bake."""

    def watched(self, seconds: float) -> float:
        """For how many of so many seconds there is something to be watched: what is only assumed does not change."""

    def targets(self, group: str) -> tuple[TargetHealth, ...]:
        """The targets of a target group, by its ARN; raises `ConfigurationError` where they may not be read."""

    def http(self, address: str) -> str:
        """What is wrong with the answer of an address; empty: it is 2xx."""

    def command(self, argv: Sequence[str]) -> str:
        """What is wrong with the end of a program; empty: it has ended with 0."""


class LogGroups(Protocol):
    """CloudWatch Logs."""

    def records(self, group: str, since: int, token: str = "") -> RecordPage:
        """A page of a group's records from a moment on, in nanoseconds; `token` is that of the page before.

        Raises `NoLogGroup` where it is not there, and `ConfigurationError` where it may not be read.
        """


class Traces(Protocol):
    """X-Ray."""

    def page(self, service: str, begin: datetime, end: datetime, token: str = "") -> TracePage:
        """A page of the traces of a service that began in a time; `token` is that of the page before.

        Raises `ConfigurationError` where they may not be read.
        """
