"""The summary that a run prints at its end."""

from erp_build.formats.logs.traces import described
from erp_build.formats.printable import one_line, printable
from erp_build.model.releases.preview import BY_TAG, Preview
from erp_build.report.summary import watched_text
from erp_build.report.text.build import build_table
from erp_build.report.text.gate import judgement_text
from erp_build.report.text.plan import plan_text
from erp_build.report.text.table import section
from erp_build.run_record import RunReport

TESTS = {
    "compile": 'The services\' own tests were compiled and not run (tests = "compile").',
    "run": "The services' own tests were run.",
    "skip": 'The services\' own tests were left alone (tests = "skip").',
}
HOW = {"build": "would be built", "reuse": "reused", "keep": "kept"}


def report_text(report: RunReport) -> str:
    """The plan, the stages and their times, checks, gate, images, the proof, and after a failure what was changed."""
    lines = [plan_text(report.plan)] if report.plan else []
    if report.stages:
        lines.append("Stages")
        lines += [one_line(f"  {stage.name:<18} {stage.seconds:7.1f} s  {stage.status}") for stage in report.stages]
    checks = [(one.check.name, one.target, one.word, f"{one.run.seconds:.1f} s") for one in report.checked]
    lines += section("Checks", checks, ("check", "target", "outcome", "time"))
    if report.judgement:
        lines.append(judgement_text(report.judgement))
    if report.preview:
        lines += [one_line(f"Warning: {BY_TAG}: {report.preview.by_tag}")] if report.preview.by_tag else []
        lines += [one_line(f"Warning: {one.warning}") for one in report.preview.migrations]
        lines += _changes(report.preview) if report.rehearsal else []
    lines += _worker_lines(report)
    if made := build_table(report.images):
        lines += ["Images", *(f"  {line}" for line in made)]
        lines += [f"  {TESTS[report.tests]}"] if any(image.timings for image in report.images) else []
    lines += _watched_lines(report)
    lines += _proof_lines(report)
    lines += _evidence_lines(report)
    lines += _first_error_lines(report)
    lines += [one_line(f"{one.target}: {described(one)}") for one in report.traces]
    lines += _bake_lines(report)
    lines += _changes_before_failure(report)
    units = [(one.name, one.kind, one.outcome, str(one.error.code if one.error else 0)) for one in report.units]
    lines += section("Units", units, ("unit", "kind", "outcome", "exit code"))
    lines += [one_line(f"Alarm {alarm.name}: {alarm.state}") for alarm in report.alarms if alarm.state != "OK"]
    lines.append(f"Outcome: {report.outcome} in {report.seconds:.1f} s")
    if report.outcome == "rehearsed":
        lines.append("Nothing was changed. Next: the same command without --rehearse.")
    if report.saved:
        lines.append(one_line(f"Saved plan: {report.saved.digest} in {report.saved.where}"))
        lines += [one_line(f"Approved by {one}") for one in report.approvals]
    return "\n".join(lines)


def _worker_lines(report: RunReport) -> list[str]:
    """The workers, and for those that did not make all what is missing, who builds it, and where the log is."""
    rows = [
        (
            one.build,
            one.end,
            *(f"{seconds:.0f} s" if seconds else "-" for seconds in (one.began, one.ready, one.seconds)),
            f"{len(one.made)}/{len(one.targets)}",
            one.why,
        )
        for one in report.workers
    ]
    lines = section("Workers", rows, ("build", "end", "began", "ready", "time", "images", ""))
    for one in report.workers:
        if one.rest:
            lines.append(one_line(f"  {', '.join(one.missing)}: built by {one.rest} after {one.build}"))
            lines += [one_line(f"  its log: {one.log}")] if one.log else []
    return lines


def _changes(preview: Preview) -> list[str]:
    """The images, the lines of the values file, and the fields of the release's objects."""
    lines = section("Images of the deployment", [(one.target, HOW[one.how], one.name) for one in preview.images])
    if preview.values:
        lines += ["Values file", *(f"  {printable(line)}" for line in preview.values.split("\n"))]
    if preview.objects:
        lines.append("Objects of the release (Secrets are not compared)")
    for one in preview.objects:
        lines.append(one_line(f"  {one.kind} {one.name}: {one.change}"))
        lines += [one_line(f"    {item}") for item in one.fields]
    return lines


def _watched_lines(report: RunReport) -> list[str]:
    """What was watched, and what has no readiness probe; before the deployment what that means."""
    watched = report.deployment.watched if report.deployment else ()
    if not watched:
        return [one_line(f"Warning: {one}") for one in (report.preview.unprobed if report.preview else ())]
    rows = [(one.name, "yes" if one.probed else "no", f"{one.seconds:.0f} s", one.state) for one in watched]
    missing = [watched_text(one.name, one.seconds) for one in watched if not one.probed]
    return [
        *section(
            "Assumed rollout" if report.rehearsal else "Rollout", rows, ("of", "readiness probe", "watched", "state")
        ),
        *(one_line(f"Warning: {text}") for text in missing),
    ]


def _proof_lines(report: RunReport) -> list[str]:
    rows = [
        (proof.target, proof.built[:19], proof.scanned[:19], proof.running[:19], str(proof.replicas))
        for proof in report.proofs
    ]
    title = "Assumed" if report.rehearsal else "Proof"
    return section(title, rows, ("target", "built", "scanned", "running", "units"))


def _evidence_lines(report: RunReport) -> list[str]:
    lines = ["Evidence"] if report.evidence else []
    for one in report.evidence:
        lines.append(one_line(f"  {one.target}: {one.pod or 'no pod'}"))
        lines += [one_line(f"    {text}") for text in (*one.states, *one.events)]
        lines += [one_line(f"    | {text.expandtabs(4)}") for text in one.log]
    return lines


def _first_error_lines(report: RunReport) -> list[str]:
    """Errors of what runs now: the deployment is proven all the same."""
    lines = ["First errors of what was deployed"] if report.first_errors else []
    for one in report.first_errors:
        again = f", {one.times} times" if one.times > 1 else ""
        lines.append(one_line(f"  {one.target}: {one.unit} at {one.at}{again}"))
        lines += [one_line(f"    | {text.expandtabs(4)}") for text in one.lines]
    return lines


def _bake_lines(report: RunReport) -> list[str]:
    """The targets behind the deployment, and what was seen of it behind its proof."""
    lines = [one_line(f"{one.subject}: {one.summary}") for one in report.target_groups]
    for one in report.bakes:
        lines.append(one_line(f"Bake of {one.unit}: {one.words or f'cut off after {one.seconds:.0f} s'}"))
        lines += [one_line(f"  broken: {text}") for text in one.broken]
        lines += [one_line(f"  red before, did not count: {text}") for text in one.red_before]
        lines += [one_line(f"  not looked at: {text}") for text in one.unseen]
    return lines


def _changes_before_failure(report: RunReport) -> list[str]:
    """After a failure: what was changed before it, and whether anything of it moves what runs."""
    if not report.error:
        return []
    done = [effect for effect in report.effects if effect.moves_what_runs or effect.says_what_runs]
    lines = [one_line(f"  {effect.name} {effect.target}: {effect.state}") for effect in done]
    if any(effect.moves_what_runs for effect in done):
        return ["Changed before the failure", *lines, *(one_line(f"Taken back: {line}") for line in report.taken_back)]
    return ["Nothing was deployed.", *(["Changed before the failure, but not what runs", *lines] if lines else [])]
