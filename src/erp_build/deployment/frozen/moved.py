"""What has moved between a saved plan and now: a line for each thing. Nothing is said where nothing has moved."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest

from erp_build.changes.content_key import content_of
from erp_build.gate.filter import BADNESS
from erp_build.model.releases.frozen_plan import (
    FrozenFinding,
    FrozenPlan,
    FrozenRunning,
    FrozenTarget,
    FrozenUnit,
    FrozenWaiver,
)
from erp_build.model.releases.preview import Migration, ObjectChange, Preview

RANDOM = "where nobody changed anything, the chart makes something else each time (randAlphaNum, now)"
SHOWN_OF_DIGEST = len("sha256:") + 12


def moved_ground(then: FrozenPlan, now: FrozenPlan) -> Iterator[str]:
    """The program, the place, the commit, and the rules of the gate."""
    yield from _unequal("erp_build", then.program, now.program)
    for name in ("project", "environment", "account", "region", "cluster"):
        yield from _unequal(name, getattr(then.place, name), getattr(now.place, name))
    yield from _unequal("head", then.head, now.head)
    if then.head == now.head:
        yield from _unequal("tree", then.tree, now.tree)
    rules = {one.name: one.value for one in now.policy}
    for one in then.policy:
        yield from _unequal(f"policy, {one.name}", one.value, rules.get(one.name, ""))
    yield from _moved_waivers(then.waivers, now.waivers)


def moved_units(then: FrozenPlan, name: str, names: Collection[str]) -> Iterator[str]:
    """Whether the plan has a unit, and which units of the plan are none of the project's any more.

    Args:
        then: the plan.
        name: of the unit that is done.
        names: of all units of the project.
    """
    if then.unit(name) is None:
        yield f"unit: {name} was not in the plan"
    yield from (f"unit: {one.name} is not in the project any more" for one in then.units if one.name not in names)


def moved_live(then: FrozenUnit, now: FrozenUnit) -> Iterator[str]:
    """The settings of a unit, the newest revision of its release, and what runs of each target."""
    yield from _unequal("settings of erp-build.toml", then.settings, now.settings)
    revision = f"revision of {now.where}"
    if then.revision != now.revision:
        yield from _unequal(revision, str(then.revision or ""), str(now.revision or ""))
    elif then.updated != now.updated:
        yield f"{revision}: {now.revision} was made at {then.updated}, now another one of this number, at {now.updated}"
    else:
        yield from _unequal(f"status of {revision} {now.revision}", then.status, now.status)
    for name, was, runs in _pairs(then.targets, now.targets):
        yield from _moved_running(name, was.running if was else None, runs.running if runs else None)


def moved_targets(then: FrozenUnit, now: FrozenUnit) -> Iterator[str]:
    """What is done with each target, compared with what, and by which content."""
    for name, was, will in _pairs(then.targets, now.targets):
        if was is None or will is None:
            yield f"target {name}: {'it was not in the plan' if will else 'it is not in the project any more'}"
        else:
            yield from _moved_target(was, will)


def moved_changes(then: Preview | None, now: Preview | None) -> Iterator[str]:
    """What the deployment changes: values, objects, images."""
    was, will = then or Preview(), now or Preview()
    yield from _moved_lines("values", was.values, will.values)
    if was.values_seal != will.values_seal:
        yield "values: the values files are not those of the plan"
    yield from _moved_objects(was.objects, will.objects)
    if was.objects == will.objects and was.objects_seal != will.objects_seal:
        yield f"objects: a value that is not shown, or is shown in part; {RANDOM}"
    images = [[f"{one.target} {one.how} {one.name}" for one in each.images] for each in (was, will)]
    yield from _moved_lines("images", *("\n".join(each) for each in images))
    yield from _unequal("why images are named by tag", was.by_tag, will.by_tag)
    yield from _unequal("migrations", _kinds_of(was.migrations), _kinds_of(will.migrations))


def _kinds_of(migrations: Iterable[Migration]) -> str:
    """The migrations without the names of their objects, which a chart may make up anew each time."""
    objects = (one for one in migrations if one.how != "start")
    named = [one.name for one in migrations if one.how == "start"]
    return ", ".join(sorted((*(f"{one.name.partition(' ')[0]} {one.detail}".strip() for one in objects), *named)))


def moved_findings(name: str, then: Iterable[FrozenFinding], now: Iterable[FrozenFinding]) -> Iterator[str]:
    """The findings of an image that were not there, or were rated lower; what is gone makes no plan worse."""
    known = Counter(then)
    left = [one for one in now if not _taken(known, one)]
    for finding in left:
        lower = [one for one in known.elements() if _identity(one) == _identity(finding)]
        if not any(_is_as_bad(one, finding) for one in lower):
            before = f", before {lower[0].severity}" if lower else ""
            yield f"new finding in {name}: {finding}{before}"


def _taken(known: "Counter[FrozenFinding]", finding: FrozenFinding) -> bool:
    if not known[finding]:
        return False
    known[finding] -= 1
    return True


def _identity(finding: FrozenFinding) -> tuple[str, tuple[str, ...]]:
    return finding.name, finding.packages


def _is_as_bad(old: FrozenFinding, new: FrozenFinding) -> bool:
    """Whether a finding was rated as now or worse; a severity that nobody knows cannot be compared."""
    return new.severity in BADNESS and BADNESS[new.severity] <= BADNESS.get(old.severity, -1)


def _moved_waivers(then: Iterable[FrozenWaiver], now: Iterable[FrozenWaiver]) -> Iterator[str]:
    was, will = (Counter(_row(one) for one in rows) for rows in (then, now))
    yield from (f"waiver gone: {row}" for row in (was - will).elements())
    yield from (f"waiver new: {row}" for row in (will - was).elements())
    counted = {_row(one) for one in then if one.counts}
    expired = [one for one in now if not one.counts and _row(one) in counted]
    yield from (f"waiver expired: {_row(one)}" for one in expired)


def _row(waiver: FrozenWaiver) -> str:
    return f"{waiver.id} ({', '.join(waiver.packages)}), {waiver.owner}, until {waiver.until}: {waiver.reason}"


def _moved_running(name: str, then: FrozenRunning | None, now: FrozenRunning | None) -> Iterator[str]:
    yield from _unequal(f"what runs of {name}", _what_runs(then), _what_runs(now))
    if then and now and _what_runs(then) == _what_runs(now):
        yield from _unequal(f"`latest` of {name}", _short(then.latest), _short(now.latest))
        yield from _unequal(f"state of {name}", then.trouble, now.trouble)


def _what_runs(running: FrozenRunning | None) -> str:
    return " ".join(filter(None, (running.tag, _short(running.digest)))) if running else ""


def _moved_target(then: FrozenTarget, now: FrozenTarget) -> Iterator[str]:
    name = then.name
    yield from _unequal(f"whether {name} is chosen", _yes(then.chosen), _yes(now.chosen))
    yield from _unequal(f"baseline of {name}", then.baseline, now.baseline)
    # What was built for the plan is found by its content now. Where it is not, its digest is looked for.
    is_made = bool(then.image) and {then.action, now.action} <= {"build", "reuse"}
    if not is_made:
        yield from _unequal(f"action for {name}", then.action, now.action)
        yield from _unequal(f"tag of {name}", then.tag, now.tag)
        yield from _unequal(f"image of {name}", _short(then.image), _short(now.image))
    # An image that is there does not change with its base; one that is still to be built does.
    was, will = (content_of(one.key) if is_made else one.key for one in (then, now))
    yield from _unequal(f"content of {name}", was, will)


def _moved_objects(then: tuple[ObjectChange, ...], now: tuple[ObjectChange, ...]) -> Iterator[str]:
    was, will = ({(one.kind, one.name): one for one in objects} for objects in (then, now))
    for kind, name in dict.fromkeys((*was, *will)):
        before, after = was.get((kind, name)), will.get((kind, name))
        label = f"{kind} {name}"
        if before is None or after is None:
            words = f"would be {after.change}, which was not planned" if after else "does not change any more"
            yield f"objects: {label} {words}"
        elif before.change != after.change:
            yield from _unequal(f"objects: {label}", before.change, after.change)
        else:
            yield from _moved_lines(label, *("\n".join(map(str, one.fields)) for one in (before, after)))


def _moved_lines(what: str, then: str, now: str) -> Iterator[str]:
    """The first lines of two texts that are not the same."""
    if then != now:
        pairs = zip_longest(then.split("\n"), now.split("\n"), fillvalue="")
        yield from _unequal(what, *next(pair for pair in pairs if pair[0] != pair[1]))


def _unequal(what: str, then: str, now: str) -> Iterator[str]:
    if then != now:
        yield f"{what}: {then or 'nothing'} in the plan, now {now or 'nothing'}"


def _pairs(
    then: Iterable[FrozenTarget], now: Iterable[FrozenTarget]
) -> Iterator[tuple[str, FrozenTarget | None, FrozenTarget | None]]:
    """Each target by its name, as it was and as it is; None where it is not there."""
    was, will = ({one.name: one for one in targets} for targets in (then, now))
    for name in dict.fromkeys((*was, *will)):
        yield name, was.get(name), will.get(name)


def _yes(is_so: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if is_so else "no"


def _short(digest: str) -> str:
    return digest[:SHOWN_OF_DIGEST]
