"""Where a failure leads, and where a rollback by hand leads: what the ledger says was proven.

Helm calls every revision deployed whose objects the cluster took. So its word counts only where the ledger says
nothing: before the first entry, and for revisions that somebody else has made since the last one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from erp_build.changes.live_state import origin_of
from erp_build.deployment.ledger import PROVEN, LedgerEntry, PreviousState, Standing
from erp_build.model.images.image import ImageReference
from erp_build.model.releases.release import Revision

UNINSTALLED = ("uninstalled", "uninstalling")
REPLACED = "superseded by new release"
"""Helm's description of an uninstalled revision in whose place the release was installed again."""

Entries = tuple[LedgerEntry, ...]
History = tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class Proven:
    """A deployment to which a person can go back: its commit (empty: not known), and both halves as it left them.

    `left_out` says in words what of the commit it has not; empty: nothing.
    """

    commit: str
    state: PreviousState
    left_out: str = ""


def previous_state(entries: Entries, history: History, functions: Mapping[str, str]) -> PreviousState:
    """What a deployment that begins now goes back to if it fails.

    Args:
        entries: the ledger, oldest first.
        history: the release's revisions, oldest first.
        functions: the image that each function runs now.
    """
    last = entries[-1] if entries else None
    good = good_revision(entries, history)
    return PreviousState(
        functions=functions if last is None or last.is_settled else _proven_images(last, functions),
        revision=good.number if good else None,
        updated=good.updated if good else "",
    )


def good_revision(entries: Entries, history: History) -> Revision | None:
    """The revision to which the release goes back; None: none is proven, or the release is not installed."""
    installed = since_uninstallation(history)
    if not installed:
        return None
    if not entries:
        return last_good(installed)
    last, newest = entries[-1], installed[-1]
    is_of_others = last.outcome == "failed" and not is_revision(last.left, newest)
    if newest.status == "deployed" and (last.is_settled or is_of_others):
        return newest
    return revision_of(last.good, installed)


def last_good(history: History) -> Revision | None:
    """The newest revision that Helm calls good; Helm alone is asked where there is no ledger."""
    installed = since_uninstallation(history)
    return next((one for one in reversed(installed) if one.has_ended_well), None)


def since_uninstallation(history: History) -> History:
    """The revisions since the release was uninstalled with its history kept; what was before that does not run."""
    gone = [place for place, one in enumerate(history) if one.status in UNINSTALLED or one.description == REPLACED]
    return history[gone[-1] + 1 :] if gone else history


def proven_states(entries: Entries) -> tuple[Proven, ...]:
    """Every deployment that was proven, oldest first. The first one is what ran before the ledger began."""
    found = [Proven("", entries[0].before)] if entries else []
    for entry in entries:
        if entry.outcome in PROVEN:
            found.append(Proven(entry.commit, entry.left, entry.left_out))
        elif entry.outcome == "taken back":
            # The same objects once more, as a newer revision, which Helm keeps for longer.
            found.append(Proven(found[-1].commit, entry.left, found[-1].left_out))
    return tuple(found)


def proven_before(entries: Entries, history: History, running: Mapping[str, str]) -> Proven | None:
    """The deployment that was proven last before what runs now; None: there is none.

    Args:
        entries: the ledger, oldest first.
        history: the release's revisions, oldest first.
        running: the image that each function runs now.
    """
    if not entries:
        return _before_by_helm(history)
    last, states = entries[-1], proven_states(entries)
    whole = [one for one in states if is_whole(one.state, history)]
    if not last.is_settled:
        # What runs was never proven, as far as it has moved at all. A rollback that failed is tried once more.
        meant = (one for one in reversed(states) if _is_same(one.state, last.before, history))
        found: Proven | None = next(meant, states[-1])
    elif _runs(last.left, history, running):
        found = next((one for one in reversed(whole) if not _is_same(one.state, last.left, history)), None)
    else:
        # Somebody else has changed what runs since.
        found = states[-1]
    return found if found in whole else None


def proven_of(commit: str, entries: Entries, history: History) -> Proven | None:
    """The newest proven deployment of a commit, which may be abbreviated; None: there is none that has all of it."""
    states = [one for one in proven_states(entries) if one.commit.startswith(commit) and not one.left_out]
    return next((one for one in reversed(states) if is_whole(one.state, history)), None)


def standing_of(entries: Entries, history: History, running: Mapping[str, str]) -> Standing:
    """What was proven last, what failed since, and which proven deployment runs now; arguments as `proven_before`."""
    proven = [one for one in entries if one.outcome in PROVEN]
    running_now = (one.commit for one in reversed(proven_states(entries)) if _runs(one.state, history, running))
    commit = next(running_now, "")
    return Standing(
        runs=next((one for one in reversed(proven) if one.commit == commit), None),
        proven=proven[-1] if proven else None,
        failed=entries[-1] if entries and entries[-1].outcome not in PROVEN else None,
    )


def is_revision(state: PreviousState, revision: Revision) -> bool:
    """Whether a revision is that of a state, and no other one that got its number after an uninstallation."""
    is_its_time = not state.updated or _moment(state.updated) == _moment(revision.updated)
    return state.revision == revision.number and is_its_time


def revision_of(state: PreviousState, history: History) -> Revision | None:
    """The revision of a state; None: it has none, or Helm has it no more."""
    return next((one for one in history if is_revision(state, one)), None)


def is_same_place(one: PreviousState, other: PreviousState) -> bool:
    """Whether two states are the same revision, and the functions that both know have the same images."""
    is_its_time = _moment(one.updated) == _moment(other.updated)
    return one.revision == other.revision and is_its_time and _same_images(one.functions, other.functions)


def same_objects(one: Revision, other: Revision, history: History) -> bool:
    """Whether two revisions have the same objects: a rollback repeats an older revision."""
    return origin_of(one, history).number == origin_of(other, history).number


def _moment(text: str) -> datetime | str:
    """A time as Helm writes it; two versions may write the same one in different ways."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _before_by_helm(history: History) -> Proven | None:
    installed = since_uninstallation(history)
    good = last_good(installed)
    if good and good != installed[-1]:
        return _by_helm(good)
    earlier = [one for one in installed[:-1] if one.has_ended_well]
    return _by_helm(earlier[-1]) if earlier else None


def _by_helm(revision: Revision) -> Proven:
    return Proven("", PreviousState(revision=revision.number, updated=revision.updated))


def _proven_images(last: LedgerEntry, functions: Mapping[str, str]) -> dict[str, str]:
    """The functions' images before the last deployment, but for those that somebody else has updated since."""
    return {
        name: last.before.functions.get(name, image) if last.functions.get(name, image) == image else image
        for name, image in functions.items()
    }


def is_whole(state: PreviousState, history: History) -> bool:
    """Whether both halves can be reached: without a revision only a release that is not there can be left as it is."""
    return state.revision is not None or not since_uninstallation(history)


def _runs(state: PreviousState, history: History, running: Mapping[str, str]) -> bool:
    installed = since_uninstallation(history)
    newest, wanted = installed[-1] if installed else None, revision_of(state, installed)
    if newest is None or wanted is None:
        return newest is None and state.revision is None and _same_images(state.functions, running)
    is_up = newest.status == "deployed" and same_objects(newest, wanted, history)
    return is_up and _same_images(state.functions, running)


def _is_same(one: PreviousState, other: PreviousState, history: History) -> bool:
    first, second = revision_of(one, history), revision_of(other, history)
    if first is None or second is None:
        is_same_release = (one.revision, one.updated) == (other.revision, other.updated)
    else:
        is_same_release = same_objects(first, second, history)
    return is_same_release and _same_images(one.functions, other.functions)


def _same_images(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether the functions that both know have the same images."""
    digests = [(ImageReference.parse(image).digest, ImageReference.parse(other[name]).digest)
               for name, image in one.items() if name in other]  # fmt: skip
    return all(first == second for first, second in digests)
