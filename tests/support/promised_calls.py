"""How many requests a run may send: so many by itself, and so many for each target, function and change of it."""

from collections import Counter
from typing import NamedTuple


class Promise(NamedTuple):
    """The requests of a kind of run, by call.

    Attributes:
        run: whatever there is.
        target: for each service and function. ECR has no list across repositories.
        function: for each function, beside those of a target. Lambda's list says neither the image nor its state.
        change: for each service that is built.
    """

    run: dict[str, int]
    target: dict[str, int]
    function: dict[str, int]
    change: dict[str, int]

    def most(self, targets: int, functions: int, changes: int) -> Counter[str]:
        """The most requests of a run, by call."""
        numbers = ((self.run, 1), (self.target, targets), (self.function, functions), (self.change, changes))
        found: Counter[str] = Counter()
        for part, number in numbers:
            found.update({name: each * number for name, each in part.items()})
        return found


LIVE_STATE = {"registry.stored_each": 1}
"""The image that runs and what `latest` names, by one BatchGetImage."""

LABELS = {"registry.revision": 1}
"""The configuration of that image, for its labels; asked once in a run, as its digest names these bytes."""

NOTHING_CHANGED = Promise(
    run={
        "identity.account": 1,
        "parameters.read": 1,
        "helm.history": 1,
        "helm.manifest": 1,
        "cluster.workloads": 6,
        "cluster.scalers": 1,
        "cluster.live_objects": 1,
        "cluster.endpoints": 2,
        "leases.read": 1,
    },
    target={**LIVE_STATE, **LABELS},
    # Its state, once to compare with and once for the proof.
    function={"functions.state": 2},
    change={},
)

SOME_CHANGED = Promise(
    run={
        "identity.account": 1,
        "parameters.read": 1,
        "alarms.states": 1,
        "helm.history": 8,
        "helm.manifest": 6,
        # `helm template` and `helm lint` of one chart; `helm get metadata` before the upgrade.
        "helm.render": 2,
        "helm.check_chart": 1,
        "effects.upgrade_release": 2,
        # Three lists each: two of the live state, eleven of the rollout and what comes before and behind it.
        "cluster.workloads": 39,
        "cluster.scalers": 2,
        "cluster.target_bindings": 1,
        "cluster.live_objects": 2,
        "cluster.endpoints": 2,
        "cluster.architectures": 1,
        "cluster.served": 1,
        "cluster.missing_rights": 21,
        "leases.read": 7,
        "effects.write_lease": 4,
        "registry.host": 1,
        # How the registry as a whole is scanned.
        "registry.scanning": 1,
    },
    # Once to plan, and once more under the lock.
    target={"registry.stored_each": 2, **LABELS},
    function={"functions.state": 4},
    change={
        # Whether the content has an image, and which tag is free; then, whether `latest` has to move.
        "registry.stored_each": 2,
        "registry.missing_repositories": 1,
        # Whether a lifecycle policy would remove what runs.
        "registry.lifecycle": 1,
        # What was pushed, what is scanned, and what `latest` names afterwards.
        "registry.stored": 3,
        "registry.pushed_at": 1,
        "registry.scanning": 1,
        "registry.scan_page": 1,
        "effects.push": 1,
        # Its content key, that of the base as well, and `latest`.
        "effects.tag": 3,
        # The begin of the logs of two new pods.
        "cluster.log_since": 2,
        # Before and behind the move of `latest`.
        "leases.read": 2,
    },
)
