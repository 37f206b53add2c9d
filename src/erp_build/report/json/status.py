"""What runs, what was deployed and what was read back, as JSON: the contract of `--json`, schema 1."""

from collections.abc import Mapping
from typing import Any

from erp_build.deployment.ledger import NOTHING_KNOWN, PROVEN, LedgerEntry, Standing
from erp_build.model.plan import LiveState, Running
from erp_build.model.releases.deployment import Alarm, Proof
from erp_build.model.releases.release import Revision
from erp_build.model.target_status import TargetStatus
from erp_build.report.json import SCHEMA


def status_document(
    live: LiveState, statuses: Mapping[str, TargetStatus], standing: Standing = NOTHING_KNOWN
) -> dict[str, Any]:
    """What runs, what of it was proven, and what has drifted, as `status --json` prints it."""
    names = dict.fromkeys((*live.running, *statuses))
    return {
        "schema": SCHEMA,
        "release": {
            "revision": live.revision.number if live.revision else None,
            "status": live.revision.status if live.revision else None,
            "commit": live.chart_commit,
            "drift": list(live.chart_drift),
        },
        "ledger": {
            "runs": standing.runs.commit if standing.runs else None,
            "proven": _named(standing.proven),
            "failed": _named(standing.failed),
        },
        "targets": [_target(name, live.running.get(name), statuses.get(name, TargetStatus())) for name in names],
    }


def history_document(
    history: tuple[Revision, ...], entries: tuple[LedgerEntry, ...], standing: Standing = NOTHING_KNOWN
) -> dict[str, Any]:
    """What was deployed when, and which of it runs, as `history --json` prints it."""
    return {
        "schema": SCHEMA,
        "revisions": [
            {"revision": one.number, "status": one.status, "updated": one.updated, "description": one.description}
            for one in history
        ],
        "deployments": [
            {
                "at": entry.at,
                "commit": entry.commit,
                "build": entry.build,
                "outcome": entry.outcome,
                "left_out": entry.left_out or None,
                "approved": entry.approved or None,
                "migrations": None if entry.migrations is None else [str(one) for one in entry.migrations],
                "bake": entry.bake or None,
                "revision": entry.revision,
                "functions": dict(entry.functions),
                "proven": entry.outcome in PROVEN,
                "runs": entry is standing.runs,
            }
            for entry in entries
        ],
    }


def joined_documents(documents: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Unit -> its document, as one: that of the only unit, or `units` with the documents of all, each with its name."""
    if len(documents) == 1:
        return next(iter(documents.values()))
    units = [{"name": name, **{key: one[key] for key in one if key != "schema"}} for name, one in documents.items()]
    return {"schema": SCHEMA, "units": units}


def proof_document(proofs: tuple[Proof, ...], alarms: tuple[Alarm, ...]) -> dict[str, Any]:
    """What was read back, as `verify --json` and `rollback --json` print it."""
    return {
        "schema": SCHEMA,
        "targets": [
            {"name": one.target, "registry": one.built, "running": one.running, "units": one.replicas} for one in proofs
        ],
        "alarms": [{"name": alarm.name, "state": alarm.state} for alarm in alarms],
    }


def _named(entry: LedgerEntry | None) -> dict[str, str] | None:
    """Which deployment it was, and how it ended."""
    return {name: getattr(entry, name) for name in ("at", "commit", "build", "outcome")} if entry else None


def _target(name: str, running: Running | None, status: TargetStatus) -> dict[str, Any]:
    return {
        "name": name,
        "repository": running.repository if running else None,
        "tag": running.tag if running else None,
        "digest": running.digest if running else None,
        "commit": running.commit if running else None,
        "trouble": (running.trouble or None) if running else "does not run",
        "since": status.since or None,
        "git_tag": status.git_tag or None,
        "release_tag": status.release_tag or None,
        "drift": list(status.drift),
    }
