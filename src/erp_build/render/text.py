"""Reports, status and errors for a person."""

from collections.abc import Mapping

from erp_build.domain.drift import Standing
from erp_build.domain.history import Entry
from erp_build.domain.plan import LiveState
from erp_build.domain.release import Revision
from erp_build.domain.report import Alarm, Proof, RunReport
from erp_build.errors import Failure
from erp_build.render.build import build_table
from erp_build.render.changes import changes_text
from erp_build.render.gate import judgement_text
from erp_build.render.plan import plan_text
from erp_build.render.table import table

TESTS = {
    "compile": 'The services\' own tests were compiled and not run (tests = "compile").',
    "run": "The services' own tests were run.",
    "skip": 'The services\' own tests were left alone (tests = "skip").',
}


def report_text(report: RunReport, seconds: float) -> str:
    """The summary at the end of a run: what, how long, the proof, what next."""
    lines = [plan_text(report.plan)] if report.plan else []
    if report.stages:
        lines.append("Stages")
        lines += [f"  {stage.name:<18} {stage.seconds:7.1f} s  {stage.status}" for stage in report.stages]
    if report.checked:
        rows = [(one.check.name, one.target, one.word, f"{one.run.seconds:.1f} s") for one in report.checked]
        lines += ["Checks", *(f"  {row}" for row in table([("check", "target", "outcome", "time"), *rows]))]
    if report.judgement:
        lines.append(judgement_text(report.judgement))
    if report.rehearsal and report.preview:
        lines += changes_text(report.preview)
    if made := build_table(report.images):
        lines += ["Images", *(f"  {line}" for line in made)]
        lines += [f"  {TESTS[report.tests]}"] if any(image.making for image in report.images) else []
    lines += _proof_lines(report)
    lines += _evidence_lines(report)
    lines += _moved_before_failure(report)
    lines += [f"Alarm {alarm.name}: {alarm.state}" for alarm in report.alarms if alarm.state != "OK"]
    lines.append(f"Outcome: {report.outcome} in {seconds:.1f} s")
    if report.outcome == "rehearsed":
        lines.append("Nothing was changed. Next: the same command without --rehearse.")
    return "\n".join(lines)


def status_text(live: LiveState, standing: Mapping[str, Standing] | None = None) -> str:
    """What runs and what has drifted: a line per target, and one for each drift."""
    known = standing or {}
    revision = live.revision
    commit = live.chart_commit[:12] if live.chart_commit else "unknown"
    head = f"Release: revision {revision.number}, {revision.status}, commit {commit}" if revision else "No release yet"
    rows = [("target", "tag", "commit", "digest", "since", "in git", "")]
    for item in live.running.values():
        commit = item.commit[:12] if item.commit else "unknown"
        place = known.get(item.target, Standing())
        state = item.trouble or ("drifted" if place.drift else "ok")
        rows.append(
            (item.target, item.tag or "-", commit, item.digest[:19], place.since[:16], place.git_tag or "-", state)
        )
    drifts = [f"Drift: {name}: {text}" for name, place in known.items() for text in place.drift]
    return "\n".join((head, *table(rows), *drifts))


def history_text(history: tuple[Revision, ...], entries: tuple[Entry, ...]) -> str:
    """What was deployed when: Helm's revisions, and what was written down of each deployment."""
    revisions = [("revision", "status", "updated", "description")]
    revisions += [(str(one.number), one.status, one.updated[:19], one.description) for one in history]
    deployments = [("at", "commit", "build", "outcome", "revision", "functions")]
    for entry in entries:
        functions = ", ".join(f"{name} {image.partition('@')[2][:19]}" for name, image in entry.functions.items())
        deployments.append(
            (entry.at[:19], entry.commit[:12], entry.build, entry.outcome, str(entry.revision or "-"), functions or "-")
        )
    return "\n".join(("Release", *table(revisions), "Deployments", *table(deployments)))


def proof_text(proofs: tuple[Proof, ...], alarms: tuple[Alarm, ...]) -> str:
    """What was read back, a line per target, and the alarms."""
    rows = [("target", "in the registry", "running", "units")]
    rows += [(one.target, one.built[:19], one.running[:19], str(one.units)) for one in proofs]
    return "\n".join((*table(rows), *(f"Alarm {alarm.name}: {alarm.state}" for alarm in alarms)))


def error_text(error: Failure) -> str:
    """An error: what, where, why, and what to do next."""
    lines = [f"erp_build: {error.what}"]
    for name, text in (("where", error.where), ("why", error.why), ("next", error.next_step)):
        if text:
            first, *rest = text.splitlines()
            lines += [f"  {name + ':':<7}{first}", *(f"         {line}" for line in rest)]
    return "\n".join(lines)


def _proof_lines(report: RunReport) -> list[str]:
    if not report.proofs:
        return []
    what = "Assumed" if report.rehearsal else "Proof"
    rows = [("target", "built", "scanned", "running", "units")]
    rows += [
        (proof.target, proof.built[:19], proof.scanned[:19], proof.running[:19], str(proof.units))
        for proof in report.proofs
    ]
    return [what, *(f"  {row}" for row in table(rows))]


def _evidence_lines(report: RunReport) -> list[str]:
    lines = ["Evidence"] if report.evidence else []
    for one in report.evidence:
        lines.append(f"  {one.target}: {one.pod or 'no pod'}")
        lines += [f"    {text}" for text in (*one.states, *one.events)]
        lines += [f"    | {text}" for text in one.log]
    return lines


def _moved_before_failure(report: RunReport) -> list[str]:
    """After a failure: what of the world was changed nevertheless."""
    if not report.error:
        return []
    deploying = {"update_function", "publish", "write_file", "upgrade_release", "rollback_release", "tag"}
    moved = [
        f"  {effect.name} {effect.target}: {effect.state}" for effect in report.effects if effect.name in deploying
    ]
    taken_back = [f"Taken back: {line}" for line in report.taken_back]
    return ["Changed before the failure", *moved, *taken_back] if moved else ["Nothing was deployed."]
