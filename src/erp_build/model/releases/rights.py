"""Rights in a cluster: what a verb is done to, and which resource is behind a kind."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

WRITTEN_BY = "erp-build doctor --only rights --write access.yaml"
"""The command that writes the file with every right of a chart."""

URLS = "nonResourceURLs"
"""The group of paths that are no resources."""


class Right(NamedTuple):
    """A verb on a resource, as RBAC and a SelfSubjectAccessReview name it.

    Attributes:
        namespace: where; empty: in the whole cluster.
        group: the API group; empty: the core group.
        resource: the plural, with its subresource as in `pods/log`; for the group `URLS`, a path such as `/metrics`.
        verb: such as `get`; `*` is every verb.
        name: of the one object that is meant; empty: every object.
    """

    namespace: str
    group: str
    resource: str
    verb: str
    name: str = ""

    def __str__(self) -> str:
        """Without the namespace: `patch deployments.apps`."""
        what = f"{self.resource}.{self.group}" if self.group not in ("", URLS) else self.resource
        return f"{self.verb} {what}" + (f" {self.name}" if self.name else "")


class Kind(NamedTuple):
    """A kind of object as a manifest names it: `apps/v1` and `Deployment`."""

    api_version: str
    name: str

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        group, slash, _ = self.api_version.rpartition("/")
        return group if slash else ""

    def __str__(self) -> str:
        """As an error names it."""
        return f"{self.name} of {self.api_version}"


class Resource(NamedTuple):
    """What the API serves a kind as: its plural, and whether its objects are in a namespace."""

    plural: str
    is_namespaced: bool


Resources = Mapping[Kind, Resource]
"""The resources of those kinds that are known."""


class Why(StrEnum):
    """What rights are for, in the order of a role."""

    RECORDS = "Helm keeps its releases in Secrets, and removes the oldest ones."
    CHART = (
        "What the chart consists of. Helm reads each object, makes or changes it, and deletes what the chart has lost."
    )
    HOOKS = "The chart's hooks. Helm makes each of them anew and waits for its end."
    WATCH = "The watch of the rollout, the proof, and what is collected of pods that do not get ready."
    LOCK = "The lock of the release."
    NODES = "The architecture of the nodes; a run goes on without it."
    GIVEN = "Nobody may give away rights that he does not have: these are what the chart's own roles get."
    BOUND = "Roles that the chart gives to others and that are not its own."


class Need(NamedTuple):
    """A right that a release needs.

    Attributes:
        right: of the role.
        why: what it is for.
        is_fatal: whether a deployment fails without it; otherwise it only does less.
        instead: rights that together are enough in its place, such as `escalate`; empty: there are none.
    """

    right: Right
    why: Why
    is_fatal: bool = True
    instead: tuple[Right, ...] = ()
