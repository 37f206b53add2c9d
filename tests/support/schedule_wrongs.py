"""What may not come of two runs at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tests.support.fault_cases import UNGUARDED
from tests.support.faulted_world import Ended

Name = Literal["older", "newer"]

MOVING = ("effects.update_function", "effects.publish", "effects.upgrade_release", "effects.tag", "effects.edit_branch")

Content = dict[str, str]
"""Service or function -> the content key of its image; and the commit of the chart that runs."""


class Done(NamedTuple):
    """An effect that was performed: by which run, which one, on what."""

    run: Name
    effect: str
    subject: str


@dataclass
class Played:
    """What came of a schedule: how the runs ended, their effects in order, and what ran before and after."""

    seed: int
    ended: dict[Name, Ended] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    content: Content = field(default_factory=dict)
    holder: str = ""


def ends_wrong(played: Played) -> Iterator[str]:
    """A run that does not end as it may, and a lock that is not freed."""
    if set(played.ended) != {"older", "newer"}:
        yield f"a run does not end: {played.ended}"
        return
    for name, ended in played.ended.items():
        if ended.code not in (0, 11):
            yield f"the {name} run ends with {ended.code}: {ended.error!r} {getattr(ended.error, 'why', '')}"
    if played.holder:
        yield f"the lock is not freed: {played.holder}"


def older_over_newer(played: Played, newest: Content) -> Iterator[str]:
    """What the older run did after the newer one had done the same, if the newer one then ended well."""
    if len(played.ended) < 2 or played.ended["newer"].code:
        return
    late = [
        one for place, one in enumerate(played.done) if one.run == "older" and _is_overtaken(played.done[:place], one)
    ]
    guarded = [one for one in late if one.effect not in UNGUARDED]
    if guarded:
        yield f"older over newer where the other side compares: {guarded}"
    if late and played.ended["older"].code == 0:
        yield f"older over newer, and the older run ends with 0: {late}"
    if len(late) > 1:
        yield f"the older run goes on after it was overtaken: {late}"
    if not late and played.content != newest:
        yield f"the newer run ended well, and something else runs: {played.content}"


def _is_overtaken(before: list[Done], one: Done) -> bool:
    """Whether the newer run has done the same as a moving effect of the older one, before it."""
    kind = {"effects.rollback_release": "effects.upgrade_release"}.get(one.effect, one.effect)
    if kind not in MOVING or (kind == "effects.tag" and not one.subject.endswith(":latest")):
        return False
    subject = one.subject.partition(":")[0] if one.effect == "effects.rollback_release" else one.subject
    return Done("newer", kind, subject) in before
