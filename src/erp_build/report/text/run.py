"""Reports, status and errors for a person."""

from erp_build.report.text.build import build_table
from erp_build.report.text.changes import changes_text
from erp_build.report.text.gate import judgement_text
from erp_build.report.text.plan import plan_text
from erp_build.report.text.status import proof_lines
from erp_build.report.text.table import table
from erp_build.run_record import RunReport

TESTS = {
    "compile": 'The services\' own tests were compiled and not run (tests = "compile").',
    "run": "The services' own tests were run.",
    "skip": 'The services\' own tests were left alone (tests = "skip").',
}


def report_text(report: RunReport) -> str:
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
    lines += proof_lines(report)
    lines += _evidence_lines(report)
    lines += _moved_before_failure(report)
    lines += [f"Alarm {alarm.name}: {alarm.state}" for alarm in report.alarms if alarm.state != "OK"]
    lines.append(f"Outcome: {report.outcome} in {report.seconds:.1f} s")
    if report.outcome == "rehearsed":
        lines.append("Nothing was changed. Next: the same command without --rehearse.")
    return "\n".join(lines)


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
