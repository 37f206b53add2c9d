"""What `init` has found: values, and for each the place where it was read."""

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Found(NamedTuple):
    """A value, and where it was read; where it is a guess, `where` is empty."""

    value: str
    where: str = ""


NOTHING = Found("")
"""What was not found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftTarget:
    """A service or function.

    Attributes:
        name: unique in the file.
        path: its directory.
        kind: where it runs.
        dockerfile: relative to the path.
        package: who makes what the Dockerfile takes, and what shows it.
        context: the folder that is sent to the builder, where it is not the path, and what shows it.
        why: what shows that it is one, and what it runs on.
        repository: the name of its image without the prefix of all.
        values_key: of a service, where its tag stands in the values file.
        function: of a function, its name in Lambda.
        inputs: what it takes from outside of its path.
        chart: of several, the name of the chart that it is of, and what shows it.
        notes: what a reader should know of it; what is not supported.
    """

    name: str
    path: str
    kind: Literal["eks", "lambda"]
    dockerfile: str
    why: str
    repository: Found
    package: Found = NOTHING
    context: Found = NOTHING
    values_key: Found = NOTHING
    function: Found = NOTHING
    inputs: tuple[Found, ...] = ()
    chart: Found = NOTHING
    notes: tuple[str, ...] = ()


class DraftChart(NamedTuple):
    """A chart and its release, each with the place where it was read; `name` is empty where there is only one."""

    path: Found
    values: Found
    release: Found
    namespace: Found
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """All of it.

    Attributes:
        parameters: prefix in Parameter Store.
        targets: services first, then functions.
        shared: patterns of folders that every target may read.
        charts: those that are deployed, each as a release; empty: there is none that can be.
        unsupported: what is there and is not built or deployed, and why; a line each.
    """

    parameters: Found
    targets: tuple[DraftTarget, ...] = ()
    shared: tuple[Found, ...] = ()
    charts: tuple[DraftChart, ...] = ()
    unsupported: tuple[str, ...] = ()
