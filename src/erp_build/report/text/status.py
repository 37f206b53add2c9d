"""What runs, what was deployed, and what was proven, as text."""

from collections.abc import Iterator, Mapping

from erp_build.deployment.ledger import NOTHING_KNOWN, LedgerEntry, Standing
from erp_build.formats.printable import one_line
from erp_build.model.plan import LiveState
from erp_build.model.releases.deployment import Alarm, Proof
from erp_build.model.releases.release import Revision
from erp_build.model.target_status import TargetStatus
from erp_build.report.text.table import table


def joined_texts(texts: Mapping[str, str]) -> str:
    """Unit -> its text, as one; where there are several, each below its name."""
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n\n".join(f"== {one_line(name)}\n{text}" for name, text in texts.items())


def status_text(
    live: LiveState,
    statuses: Mapping[str, TargetStatus],
    standing: Standing = NOTHING_KNOWN,
    *,
    has_release: bool = True,
) -> str:
    """What runs, what of it was proven, and what has drifted: a line per target, and one for each drift."""
    revision = live.revision
    commit = live.chart_commit[:12] if live.chart_commit else "unknown"
    head = f"Release: revision {revision.number}, {revision.status}, commit {commit}" if revision else "No release yet"
    heads = (head,) if has_release else ()
    rows = [("target", "tag", "commit", "digest", "since", "in git", "")]
    for item in live.running.values():
        commit = item.commit[:12] if item.commit else "unknown"
        status = statuses.get(item.target, TargetStatus())
        state = item.trouble or ("drifted" if status.drift else "ok")
        rows.append(
            (item.target, item.tag or "-", commit, item.digest[:19], status.since[:16], status.git_tag or "-", state)
        )
    drifts = [one_line(f"Drift: chart: {text}") for text in live.chart_drift]
    drifts += [one_line(f"Drift: {name}: {text}") for name, status in statuses.items() for text in status.drift]
    return "\n".join((*heads, *_standing_lines(standing), *table(rows), *drifts))


def history_text(
    history: tuple[Revision, ...],
    entries: tuple[LedgerEntry, ...],
    standing: Standing = NOTHING_KNOWN,
    *,
    has_release: bool = True,
) -> str:
    """What was deployed when: Helm's revisions, what was written down of each deployment, and which one runs."""
    revisions = [("revision", "status", "updated", "description")]
    revisions += [(str(one.number), one.status, one.updated[:19], one.description) for one in history]
    deployments = [("at", "commit", "build", "outcome", "revision", "functions", "")]
    for entry in entries:
        functions = ", ".join(f"{name} {image.partition('@')[2][:19]}" for name, image in entry.functions.items())
        named = (entry.at[:19], _commit(entry), entry.build, entry.outcome, str(entry.revision or "-"))
        said = ("runs" if entry is standing.runs else "", entry.bake, entry.approved, *_migrations(entry))
        deployments.append((*named, functions or "-", ", ".join(filter(None, said))))
    release = ("Release", *table(revisions)) if has_release else ()
    return "\n".join((*release, "Deployments", *table(deployments)))


def _migrations(entry: LedgerEntry) -> Iterator[str]:
    """What a rollback does not undo of it; of one that was cut off nobody knows whether it ran."""
    may = "may have migrated" if entry.outcome == "begun" else "migrated"
    yield from (f"{may}: {one}" for one in entry.migrations or ())


def _standing_lines(standing: Standing) -> Iterator[str]:
    """Whether what runs was proven; and what was proven last, and what has failed since, where that is not the same."""
    if standing.runs:
        yield f"Proven: {_named(standing.runs)}, which runs"
    elif standing.proven or standing.failed:
        yield "Not proven: what runs is no deployment that was proven"
    if standing.proven and standing.proven is not standing.runs:
        yield f"Proven last: {_named(standing.proven)}"
    if standing.failed:
        yield f"Since then: {_named(standing.failed)}"


def _named(entry: LedgerEntry) -> str:
    what = "cut off" if entry.outcome == "begun" else entry.outcome
    return f"{_commit(entry) or 'an unknown commit'}, {what} by {entry.build}, {entry.at[:16]}"


def _commit(entry: LedgerEntry) -> str:
    """The commit of a deployment, and what of it was left out."""
    left_out = f" without {entry.left_out}" if entry.left_out else ""
    return f"{entry.commit[:12]}{left_out}"


def proof_text(proofs: tuple[Proof, ...], alarms: tuple[Alarm, ...]) -> str:
    """What was read back, a line per target, and the alarms."""
    rows = [("target", "in the registry", "running", "units")]
    rows += [(one.target, one.built[:19], one.running[:19], str(one.replicas)) for one in proofs]
    return "\n".join((*table(rows), *(one_line(f"Alarm {alarm.name}: {alarm.state}") for alarm in alarms)))
