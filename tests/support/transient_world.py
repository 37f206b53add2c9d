"""Whole runs in which one call of a client gets an answer that passes, or loses the answer that it had."""

import copy
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from erp_build.cli.verbs.rollback import roll_back
from erp_build.clients.protocols import Clients
from erp_build.deployment.ledger import read_entries
from erp_build.errors import ErpBuildError, FunctionUpdateFailed, GateInconclusive, OutOfReach, PushFailed, told
from erp_build.model.project import Project
from tests.fakes.deployments import NEVER_READY
from tests.fakes.registry import error
from tests.fakes.world import FakeWorld, sources
from tests.support.git import Checkout
from tests.support.in_order import one_at_a_time
from tests.support.samples import EMPLOYEE, ERP, NOTIFICATION

When = Literal["before", "after"]
READERS = (
    "parameters",
    "identity",
    "registry",
    "functions",
    "cluster",
    "leases",
    "alarms",
    "helm",
    "evidence",
    "health",
)
REMOTE_EFFECTS = (
    "push",
    "attest",
    "start_scan",
    "update_function",
    "publish",
    "upgrade_release",
    "rollback_release",
    "write_lease",
    "tag",
)
"""Effects on something that is reached over a network; `notify` is none that a run waits for."""

PASSING = "503: as the test wants it"
KINDS: dict[str, type[ErpBuildError]] = {
    "cluster": OutOfReach,
    "leases": OutOfReach,
    "helm": OutOfReach,
    "functions": FunctionUpdateFailed,
    "registry": PushFailed,
    "effects.push": PushFailed,
    "effects.attest": PushFailed,
    "evidence": PushFailed,
    "effects.tag": PushFailed,
    "effects.start_scan": GateInconclusive,
    "effects.update_function": FunctionUpdateFailed,
    "effects.publish": FunctionUpdateFailed,
}
"""Client or call -> the error of ours that it raises; `OutOfReach` for all others."""


class Point(NamedTuple):
    """A call of a client, what it is about, and how often it was about that before."""

    call: str
    subject: str
    number: int


@dataclass
class Striking:
    """Numbers the calls of a run, and strikes one of them; `seen` are all of them."""

    at: Point | None = None
    when: When = "before"
    seen: list[Point] = field(default_factory=list)
    struck: bool = False
    _numbers: Counter[tuple[str, str]] = field(default_factory=Counter)
    _mutex: Any = field(default_factory=threading.Lock)

    def call(self, name: str, perform: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The real call, with the fault before or after it."""
        with self._mutex:
            subject = _subject(args)
            self._numbers[name, subject] += 1
            point = Point(name, subject, self._numbers[name, subject])
            self.seen.append(point)
        if point != self.at:
            return perform(*args, **kwargs)
        self.struck = True
        if self.when == "after":
            perform(*args, **kwargs)
        if name == "registry.scan_page":
            return error("ThrottlingException")
        kind = KINDS.get(name) or KINDS.get(name.partition(".")[0]) or OutOfReach
        raise kind("no answer", where=name, why=PASSING).passing()


def _subject(args: tuple[Any, ...]) -> str:
    first = args[0] if args else ""
    about = getattr(first, "repository", "") or getattr(first, "name", "") or first
    return about if isinstance(about, str) else ""


class _Struck:
    """A client, each of whose calls may be struck; `only` names those that may, if not all of them."""

    def __init__(self, name: str, client: object, striking: Striking, only: tuple[str, ...] = ()) -> None:
        self._name, self._client, self._striking, self._only = name, client, striking, only

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._client, attribute)
        if not callable(found) or (self._only and attribute not in self._only):
            return found
        return lambda *args, **kwargs: self._striking.call(f"{self._name}.{attribute}", found, args, kwargs)


class TransientWorld(FakeWorld):
    """A world, one of whose answers passes."""

    striking = Striking()

    def bare_clients(self) -> Clients:
        """The clients that ask once, each of whose calls may be struck."""
        clients = super().bare_clients()
        struck: dict[str, Any] = {name: _Struck(name, getattr(clients, name), self.striking) for name in READERS}
        struck["effects"] = _Struck("effects", self.effects, self.striking, only=REMOTE_EFFECTS)
        return replace(clients, **struck)

    def again(self, striking: Striking) -> "TransientWorld":
        """The same world once more, with the same checkout."""
        made = copy.deepcopy(self, {id(self.checkout): self.checkout})
        made.striking = striking
        return made


WITH_ALIAS: Project = ERP._replace(
    functions=(ERP.functions[0]._replace(publish=True, alias="live"),), build=ERP.build._replace(evidence=True)
)


def deployed(folder: Path) -> TransientWorld:
    """A world after two deployments: a repository that scans nothing by itself, an alias, and evidence."""
    world = TransientWorld(Checkout.create(folder, **sources()))
    world.project = WITH_ALIAS
    world.run()
    world.change(NOTIFICATION, EMPLOYEE, text="second")
    world.registry.scans_nothing_by_itself(f"erp/{NOTIFICATION}")
    return world


def _go_back(world: TransientWorld) -> None:
    world.run()
    world.striking = Striking(world.striking.at, world.striking.when)
    roll_back(world.site(), None, 0.0)


def _fail(world: TransientWorld) -> None:
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    world.run()


SCENARIOS: dict[str, Callable[[TransientWorld], object]] = {
    "a deployment": lambda world: world.run(),
    "a deployment that is taken back": _fail,
    "a rollback by hand": _go_back,
}


def outcome(world: TransientWorld, act: Callable[[TransientWorld], object]) -> dict[str, Any]:
    """Act, and say what runs, what is stored and how it ended."""
    ended = ""
    try:
        with one_at_a_time():
            act(world)
    except ErpBuildError as failure:
        ended = f"{type(failure).__name__} {told(failure)}"
    lease = world.leases.lease
    return {
        "ended": ended,
        "running": world.cluster.running(),
        "functions": {name: state.digest for name, state in world.functions.states.items()},
        "aliases": world.functions.aliases,
        "versions": world.functions.versions,
        "updates": world.functions.updates,
        "revisions": [(one.status, one.description) for one in world.helm.revisions],
        "tags": world.registry.tags,
        "ledger": [(one.outcome, one.commit, one.revision) for one in read_entries(lease.record if lease else "")],
        "holder": lease and lease.holder,
        "proofs": sorted((one.target, one.running, one.holds) for one in world.report.proofs),
        "cleared": sorted(one.image.target for one in world.report.cleared or ()),
        "alarms": world.report.alarms,
        "evidence": world.report.evidence,
        "attached": {image: len(listed) for image, listed in world.registry.artifacts.listed.items()},
    }
