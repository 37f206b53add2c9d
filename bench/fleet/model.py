"""The formula: seconds and money of a run, on one host and on several."""

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

MINUTE_S = 60


class Parameters(NamedTuple):
    """What the model calculates with, in seconds; `parameters.toml` says where each comes from.

    Attributes:
        start: of a host until its first command.
        fetch: of libraries, where a host has no cache.
        first: of a build, what the first service takes more than each further one.
        each: of a build, for each service on one host.
        read, read_each: of a run that finds nothing to do; and for each service that there is.
        deploy, deploy_each: of a run beyond that, without its builds; and for each service that has changed.
        deploy_of_all: of such a run, for each service that there is.
        waits: for pods that become ready.
        look: between two looks at the workers.
        price: dollars for a minute of one host.
    """

    start: float
    fetch: float
    first: float
    each: float
    read: float
    read_each: float
    deploy: float
    deploy_of_all: float
    deploy_each: float
    waits: float
    look: float
    price: float

    def with_services_of(self, seconds: float) -> "Parameters":
        """The same where a service takes so long to build, tests included."""
        return self._replace(each=seconds)


class Taken(NamedTuple):
    """What a run takes: seconds until it is done, minutes that are paid for, and their price in dollars."""

    seconds: float
    minutes: int
    dollars: float


def on_one_host(given: Parameters, services: int, changed: int) -> Taken:
    """A run that builds everything itself."""
    seconds = given.start + _reading(given, services) + _building(given, changed) + _deploying(given, services, changed)
    return _taken(given, seconds, [seconds])


def on_workers(given: Parameters, services: int, changed: int, workers: int) -> Taken:
    """A run whose builds are made by workers that it starts; it waits for the slowest, and is paid for meanwhile.

    The services are shared out evenly. With fewer services than workers, no worker is started for nothing.
    """
    at_work = min(workers, changed)
    if not at_work:
        return on_one_host(given, services, changed)
    share, more = divmod(changed, at_work)
    # A worker makes the plan as the run does: it has to know the keys of what it builds.
    fixed = given.start + _reading(given, services)
    took = [fixed + _building(given, share + (number < more)) for number in range(at_work)]
    seconds = fixed + max(took) + given.look / 2 + _deploying(given, services, changed)
    return _taken(given, seconds, [seconds, *took])


def pays_from(given: Parameters, services: int, workers: int) -> int:
    """The number of changed services from which on workers are done sooner; 0: never, up to all services."""
    for changed in range(1, services + 1):
        if on_workers(given, services, changed, workers).seconds < on_one_host(given, services, changed).seconds:
            return changed
    return 0


def without_host(given: Parameters, services: int, changed: int) -> float:
    """Seconds of a run over fakes: no host to start, nothing to build, no pods to wait for."""
    return _reading(given, services) + (_deploying(given, services, changed) - given.waits if changed else 0.0)


def _reading(given: Parameters, services: int) -> float:
    return given.read + given.read_each * services


def _building(given: Parameters, changed: int) -> float:
    return given.fetch + given.first + given.each * changed if changed else 0.0


def _deploying(given: Parameters, services: int, changed: int) -> float:
    of_services = given.deploy_of_all * services + given.deploy_each * changed
    return given.deploy + of_services + given.waits if changed else 0.0


def _taken(given: Parameters, seconds: float, hosts: Iterable[float]) -> Taken:
    """A build is paid for from its start to its end, in whole minutes."""
    minutes = sum(ceil(host / MINUTE_S) for host in hosts)
    return Taken(seconds, minutes, minutes * given.price)
