"""Counts what a run asks of outside things, and can let each request take its time."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from math import ceil
from typing import Any, NamedTuple

from erp_build.clients.aws.parameters import MAX_NAMES_PER_CALL
from erp_build.clients.aws.registry import IMAGES_PER_CALL
from erp_build.clients.machine.parallel import ASKED_AT_ONCE

READERS = (
    "parameters",
    "identity",
    "registry",
    "evidence",
    "fleet",
    "functions",
    "cluster",
    "leases",
    "alarms",
    "approvals",
    "log_groups",
    "traces",
    "health",
    "helm",
)
"""The clients that read something outside of this machine."""

HERE = frozenset(
    {"effects.check", "effects.package", "effects.prepare_images", "effects.build_image", "effects.write_file"}
)
"""Effects on this machine alone: no call."""

HEARTBEATS = "heartbeats"
"""What the thread of the lock asks. It goes by the time of this machine, so it is counted for itself."""

LABELS = ("revision", "key", "base", "platform")
"""What is read of an image's configuration, for which the real client asks once for each digest."""


class Cost(NamedTuple):
    """What a call of a client takes in reality.

    Attributes:
        requests: that the real client sends; for Helm, processes that it starts.
        turns: of those, how many one after the other; the rest is under way at the same time.
    """

    requests: int
    turns: int


ONE, NONE = Cost(1, 1), Cost(0, 0)


def _in_turns(number: int) -> Cost:
    return Cost(number, number)


def _at_once(number: int) -> Cost:
    return Cost(number, ceil(number / ASKED_AT_ONCE))


def _rights_at_once(number: int) -> Cost:
    """Reviews of rights: `clients/kubernetes/rights.py` asks eight at once."""
    return Cost(number, ceil(number / 8))


def _names(arguments: tuple[Any, ...]) -> Cost:
    return _in_turns(ceil(len(set(arguments[0])) / MAX_NAMES_PER_CALL))


def _workloads(arguments: tuple[Any, ...]) -> Cost:
    """Deployments, ReplicaSets and pods; then each further kind and namespace, and the pods of each namespace."""
    also = arguments[1] if len(arguments) > 1 else ()
    kinds = {(one.namespace, one.kind) for one in also if one.namespace or one.kind != "Deployment"}
    return _in_turns(3 + len(kinds) + len({one.namespace for one in also if one.namespace}))


def _live_objects(arguments: tuple[Any, ...]) -> Cost:
    """A list for each kind; those of a kind that is there once are one request as well."""
    return _in_turns(len({one["kind"] for one in arguments[1]}))


COSTS: dict[str, Callable[[tuple[Any, ...]], Cost]] = {
    "parameters.read": _names,
    "parameters.read_secrets": _names,
    # BatchGetImage for each name, at once.
    "registry.missing_repositories": lambda arguments: _at_once(len(tuple(arguments[0]))),
    # A call of BatchGetImage has a hundred images of a repository.
    "registry.stored_each": lambda arguments: _in_turns(ceil(len(set(arguments[1])) / IMAGES_PER_CALL)),
    "cluster.workloads": _workloads,
    "cluster.endpoints": lambda _: _in_turns(2),
    "cluster.live_objects": _live_objects,
    "cluster.missing_rights": lambda arguments: _rights_at_once(len(set(arguments[1]))),
    "cluster.served": lambda arguments: _rights_at_once(len({kind.api_version for kind in arguments[1]})),
    "health.watched": lambda _: NONE,
    # `helm template` and `helm lint`; `helm get metadata` before an upgrade.
    "helm.render": lambda _: _in_turns(2),
    "effects.upgrade_release": lambda _: _in_turns(2),
    # GetAlias, PublishVersion, UpdateAlias.
    "effects.publish": lambda _: _in_turns(3),
}
"""Call -> what it takes for its arguments; every other call is one request. A row follows the real client."""


class Calls:
    """What was asked since the last `clear`, from any thread.

    Args:
        latency: seconds that a request takes; a real `time.sleep` in the thread that asks, so that what is asked at
            the same time waits at the same time. The waits of a run itself (rollouts, scans) are simulated, and take
            none.

    Attributes:
        by_name: call, such as `registry.stored` -> requests.
        by_subject: (call, its first argument where that is a text) -> requests.
        inside_s: seconds that the fakes themselves took, all threads together: no real client takes them.
    """

    def __init__(self, latency: float = 0.0) -> None:
        self.latency = latency
        self._mutex = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begin to count anew, as a new process does: nothing is remembered."""
        self.by_name: Counter[str] = Counter()
        self.by_subject: Counter[tuple[str, str]] = Counter()
        self.inside_s = 0.0
        self._labelled: set[str] = set()
        self._with_policy: set[str] = set()
        self._has_host = self._has_scan_type = False

    @property
    def total(self) -> int:
        """All requests but those of heartbeats."""
        return self.by_name.total() - self.by_name[HEARTBEATS]

    def of(self, client: str) -> int:
        """The requests of one client, such as `registry`; the effects are one as well."""
        return sum(number for name, number in self.by_name.items() if name.startswith(f"{client}."))

    def perform(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Make a call, and count what it takes; also one that fails."""
        with self._mutex:
            cost = self._cost(name, arguments)
            self._count(name, arguments, cost)
        if self.latency and cost.turns:
            time.sleep(self.latency * cost.turns)
        began = time.perf_counter()
        try:
            return call(*arguments, **named)
        finally:
            with self._mutex:
                self.inside_s += time.perf_counter() - began

    def _count(self, name: str, arguments: tuple[Any, ...], cost: Cost) -> None:
        if not cost.requests:
            return
        if "_send_heartbeats" in threading.current_thread().name:
            self.by_name[HEARTBEATS] += cost.requests
            return
        self.by_name[name] += cost.requests
        subject = arguments[0] if arguments and isinstance(arguments[0], str) else ""
        self.by_subject[name, subject] += cost.requests

    def _cost(self, name: str, arguments: tuple[Any, ...]) -> Cost:
        client, _, method = name.partition(".")
        if name in HERE:
            return NONE
        if name == "registry.host":
            asked, self._has_host = self._has_host, True
            return NONE if asked else ONE
        if name == "registry.scanning":
            # BatchGetRepositoryScanningConfiguration, and once GetRegistryScanningConfiguration.
            asked, self._has_scan_type = self._has_scan_type, True
            return ONE if asked else _in_turns(2)
        if client == "registry" and method in LABELS:
            digest = arguments[0].digest
            asked = digest in self._labelled
            self._labelled.add(digest)
            return NONE if asked else ONE
        if name == "registry.lifecycle":
            # Without a policy it is GetLifecyclePolicy alone.
            asked = arguments[0] in self._with_policy
            self._with_policy.add(arguments[0])
            return NONE if asked else ONE
        return COSTS[name](arguments) if name in COSTS else ONE


class Counted:
    """A client, each of whose calls is counted; what is no method is handed on."""

    def __init__(self, name: str, client: object, calls: Calls) -> None:
        self._name, self._client, self._calls = name, client, calls

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._client, method)
        if not callable(found):
            return found
        return lambda *arguments, **named: self._calls.perform(f"{self._name}.{method}", found, arguments, named)
