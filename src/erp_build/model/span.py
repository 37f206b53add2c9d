"""A stretch of time in a run, for tools that draw them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Attribute = str | int | float


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of time in a run.

    Attributes:
        name: of few different values.
        begin, end: seconds since the run began.
        attributes: what is known of it.
        error: the class of the error that ended it; empty: none.
        children: what went on in it.
    """

    name: str
    begin: float
    end: float
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    error: str = ""
    children: tuple["Span", ...] = ()
