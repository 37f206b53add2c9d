"""A span of a trace, as in OpenTelemetry."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Attribute = str | int | float


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of time in a run.

    Attributes:
        name: of low cardinality, as OpenTelemetry asks for.
        begin, end: seconds since the run began.
        attributes: facts about it.
        error: the class of the error that ended it; empty: none.
        children: spans within it.
    """

    name: str
    begin: float
    end: float
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    error: str = ""
    children: tuple["Span", ...] = ()
