"""The kinds of Maven's failures and their causes, as `formats/messages/maven.toml` has them."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, get_args

from erp_build.formats.messages import catalogue

Kind = Literal[
    "memory",
    "disk",
    "wrapper",
    "settings",
    "jdk",
    "dependency",
    "pom",
    "check",
    "generate",
    "compile",
    "tests",
    "package",
    "timeout",
    "other",
]
"""What sort of failure it is, in the order of certainty."""

Again = Literal["", "transfer", "update"]
"""Whether another attempt may succeed: as it is, or with `-U`."""

Signs = tuple[re.Pattern[str], ...]


class Cause(NamedTuple):
    """Why something failed.

    Attributes:
        kind: what sort of failure it is.
        what: what happened, in a few words.
        next_step: what the reader does now.
        again: whether another attempt may succeed.
        signs: patterns of which one stands in the text; none: any text will do.
        goal: a pattern of the line that names the goal.
    """

    kind: Kind
    what: str
    next_step: str
    again: Again = ""
    signs: Signs = ()
    goal: re.Pattern[str] | None = None

    def fits(self, text: str, goal: str) -> bool:
        """Whether what Maven said has the signs of this cause."""
        if self.goal and not self.goal.search(goal):
            return False
        return not self.signs or says(text, self.signs)


class KindSigns(NamedTuple):
    """A kind of failure: what it is recognised by, what is said where its causes do not fit, and these."""

    default: Cause
    signs: Signs
    goals: Signs
    causes: tuple[Cause, ...]

    def fits(self, text: str, goal: str) -> bool:
        """Whether what Maven said has the signs of this kind."""
        return says(text, self.signs) or says(goal, self.goals)

    def cause(self, text: str, goal: str) -> Cause:
        """The first cause of this kind whose signs are there."""
        return next((cause for cause in self.causes if cause.fits(text, goal)), self.default)


@cache
def kinds() -> Mapping[Kind, KindSigns]:
    """The kinds in their order."""
    entries = {entry["name"]: entry for entry in catalogue("maven")["kind"]}
    return {kind: _kind(kind, entries[kind]) for kind in get_args(Kind)}


def kind_of(text: str, goal: str) -> Kind:
    """The first kind whose signs are there."""
    return next((kind for kind, signs in kinds().items() if signs.fits(text, goal)), "other")


def says(text: str, signs: Signs) -> bool:
    """Whether a text has one of these signs."""
    return any(sign.search(text) for sign in signs)


def _kind(kind: Kind, entry: Mapping[str, Any]) -> KindSigns:
    default = Cause(kind, entry["what"], entry["next_step"])
    causes = tuple(_cause(default, given) for given in entry.get("cause", ()))
    return KindSigns(default, _compiled(entry.get("signs", ())), _compiled(entry.get("goals", ())), causes)


def _cause(default: Cause, given: Mapping[str, Any]) -> Cause:
    return default._replace(
        what=given.get("what", default.what),
        next_step=given["next_step"],
        again=given.get("again", ""),
        signs=_compiled(given.get("signs", ())),
        goal=re.compile(given["goal"]) if "goal" in given else None,
    )


def _compiled(signs: Iterable[str]) -> Signs:
    return tuple(re.compile(sign) for sign in signs)
