"""The report of a run as Markdown, for a pull request or the summary of a build."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import chain
from re import findall
from urllib.parse import quote

from erp_build.formats.printable import one_line, printable
from erp_build.model.plan import Reason
from erp_build.model.releases.preview import FieldChange
from erp_build.report.document_types import ReportDocument
from erp_build.report.plan_types import BaselineDocument
from erp_build.report.summary import left_out_of, longest_work, warnings_of, whose
from erp_build.report.text.plan import because_cell, cell, nothing_to_do, without_mentions

MAX_LOG_LINES = 20
IN_ADDRESSES = "%/:?#@!$&'()*+,;=~-._"
"""Characters that an address may have; what could end it, a cell or a line is written as its number."""

OUTCOMES = {
    "deployed": "deployed",
    "built": "built, not deployed",
    "cleared": "cleared, not deployed",
    "nothing": "nothing to do",
    "rehearsed": "rehearsed",
    "failed": "**failed**",
    "partly": "**partly deployed**",
}


def report_markdown(report: ReportDocument) -> str:
    """The report: how it ended, then the plan, what changes, the gate, the proof; long parts are folded.

    Args:
        report: the document of `report_document`, with its secrets masked already.
    """
    plan = (_head, _saved_plan, _error, _units, _plan, _workers, _changes)
    proof = (_gate, _watched, _proof, _evidence, _first_errors, _traces, _targets, _bakes)
    parts = (*plan, *proof, _warnings, _path)
    return printable("\n".join(chain.from_iterable(part(report) for part in parts)).strip()) + "\n"


def _head(report: ReportDocument) -> Iterator[str]:
    tag = f" `{report['tag']}`" if report["tag"] else ""
    code = f" with exit code {report['exit_code']}" if report["exit_code"] else ""
    rehearsal = ", a rehearsal" if report["rehearsal"] and report["outcome"] == "failed" else ""
    yield f"### {cell(whose(report))}{tag}: {OUTCOMES[report['outcome']]}{code} in {report['seconds']:.1f} s{rehearsal}"
    yield ""
    if report["outcome"] == "nothing":
        of_build = "Nothing to do: every image is there."
        yield from (of_build if report["verb"] == "build" else cell(nothing_to_do(left_out_of(report))), "")


def _saved_plan(report: ReportDocument) -> Iterator[str]:
    if saved := report["saved_plan"]:
        yield f"Saved plan `{saved['digest'][:19]}` of {cell(saved['made'])}"
        yield ""
        for one in saved["approvals"]:
            said = f": {cell(one['summary'])}" if one["summary"] else ""
            yield from (f"- approved by {cell(one['by'] or 'somebody')}, {cell(one['at'])}{said}", "")


def _error(report: ReportDocument) -> Iterator[str]:
    error = report["error"]
    if not error:
        return
    yield f"> **{cell(error['what'])}**"
    for name, text in (("where", error["where"]), ("why", error["why"]), ("next", error["next"])):
        first, *rest = text.splitlines() or [""]
        if first:
            yield ">"
            yield f"> {name}: {cell(first)}" + "".join(f"<br>{cell(line)}" for line in rest)
    yield ""
    yield from (f"- taken back: {cell(line)}" for line in report["taken_back"])
    yield ""


def _units(report: ReportDocument) -> Iterator[str]:
    rows = [
        (
            cell(one["name"]),
            one["kind"],
            one["outcome"],
            str(one["exit_code"]),
            cell(one["error"]["what"]) if one["error"] else "",
        )
        for one in report["units"]
    ]
    yield from _table(("unit", "kind", "outcome", "exit code", "why"), rows)


def _plan(report: ReportDocument) -> Iterator[str]:
    rows = [
        (
            cell(one["name"]),
            one["action"],
            _compared(one["baseline"]),
            because_cell(Reason(**reason) for reason in one["because"]),
        )
        for one in report["targets"]
    ]
    yield from _table(("target", "action", "compared with", "because"), rows)


def _workers(report: ReportDocument) -> Iterator[str]:
    rows = [
        (
            _link(cell(one["build"]), one["log"] or ""),
            one["end"],
            f"{one['ready']:.0f} s" if one["ready"] else "-",
            f"{one['seconds']:.0f} s",
            cell(", ".join(one["made"]) or "-"),
            cell(", ".join(name for name in one["targets"] if name not in one["made"]) or "-"),
            one["rest"] or "-",
            cell(one["why"] or ""),
        )
        for one in report["workers"]
    ]
    yield from _table(("worker", "end", "ready", "time", "made", "not made", "built by", "why"), rows)


def _changes(report: ReportDocument) -> Iterator[str]:
    changes = report["changes"]
    if not changes:
        return
    if changes["values"]:
        yield from _folded("Values file", _fenced(changes["values"], "diff"))
    objects = [
        f"- {cell(one['kind'])} {cell(one['name'])}: {one['change']}"
        + "".join(f"<br>{cell(str(FieldChange(**item)))}" for item in one["fields"])
        for one in changes["objects"]
    ]
    if objects:
        yield from _folded(f"{len(objects)} objects of the release change", objects)
    rows = [(cell(one["target"]), one["how"], _code(one["name"])) for one in changes["images"]]
    yield from _table(("image of", "", "name"), rows)


def _gate(report: ReportDocument) -> Iterator[str]:
    images = report["gate"]["images"] if report["gate"] else []
    rows = [(cell(one["target"]), one["outcome"], cell(one["why"])) for one in images]
    yield from _table(("gate", "verdict", "why"), rows)
    checks = [(cell(one["name"]), cell(one["target"]), one["outcome"]) for one in report["checks"]]
    yield from _table(("check", "target", "outcome"), checks)


def _watched(report: ReportDocument) -> Iterator[str]:
    rows = [
        (
            cell(one["name"]),
            "yes" if one["readiness_probe"] else "**no**",
            f"{one['seconds']:.0f} s",
            cell(one["state"]),
        )
        for one in report["watched"]
    ]
    yield from _table(("rollout", "readiness probe", "watched", "state"), rows)


def _proof(report: ReportDocument) -> Iterator[str]:
    rows = [
        (
            cell(one["name"]),
            *(_code((digest or "-")[:19]) for digest in (one["built"], one["scanned"], one["running"])),
            str(one["units"]),
        )
        for one in report["targets"]
        if one["running"]
    ]
    name = "assumed" if report["rehearsal"] else "proof"
    yield from _table((name, "built", "scanned", "running", "units"), rows)


def _evidence(report: ReportDocument) -> Iterator[str]:
    for one in report["evidence"]:
        text = "\n".join((*one["states"], *one["events"], *one["log"][-MAX_LOG_LINES:]))
        yield from _folded(f"Evidence: {one['target']} {one['pod']}", _fenced(text))


def _first_errors(report: ReportDocument) -> Iterator[str]:
    for one in report["first_errors"]:
        again = f", {one['times']} times" if one["times"] > 1 else ""
        title = f"First errors of {one['target']}: {one['unit']} at {one['at']}{again}"
        yield from _folded(title, _fenced("\n".join(one["lines"])))


def _traces(report: ReportDocument) -> Iterator[str]:
    rows = [
        (
            cell(one["target"]),
            *(
                f"{of['traces']}, {of['faults']} failed, {of['median'] or 0.0:.3f} s, {of['slow'] or 0.0:.3f} s"
                for of in (one["before"], one["after"])
            ),
            "**worse**" if one["is_worse"] else "",
        )
        for one in report["traces"]
    ]
    yield from _table(("requests: number, failed, median, 95 %", "before", "after", ""), rows)


def _targets(report: ReportDocument) -> Iterator[str]:
    rows = [
        (
            cell(group["name"]),
            cell(group["service"]),
            "<br>".join(cell(f"{one['name']} {one['state']} {one['why']}".strip()) for one in group["targets"]) or "-",
        )
        for group in report["target_groups"]
    ]
    yield from _table(("target group", "Service", "targets"), rows)


def _bakes(report: ReportDocument) -> Iterator[str]:
    for one in report["bakes"]:
        yield from (f"Bake of {cell(one['unit'])}: **{one['state']}** after {one['seconds']:.0f} s", "")
        words = (("broken", one["broken"]), ("red before", one["red_before"]), ("not looked at", one["unseen"]))
        lines = [f"- {name}: {cell(text)}" for name, texts in words for text in texts]
        yield from (*lines, "") if lines else ()


def _warnings(report: ReportDocument) -> Iterator[str]:
    for text in warnings_of(report):
        yield from (f"> **Warning:** {cell(text)}", "")
    if report["unowned"]:
        files = [f"- {cell(path)}" for path in report["unowned"]]
        yield from _folded(f"{len(files)} changed files belong to no target", files)


def _path(report: ReportDocument) -> Iterator[str]:
    parts = [f"{cell(one['part'] or one['name'])} {one['seconds']:.1f} s" for one in longest_work(report)]
    if parts:
        yield f"Critical path, mostly: {', '.join(parts)}."
    if link := report["build"]["link"]:
        shown = _link("The build", link)
        yield from ("", shown) if shown != "The build" else ()


def _compared(baseline: BaselineDocument) -> str:
    return f"`{baseline['commit'][:12]}` ({baseline['source']})" if baseline["commit"] else "nothing"


def _link(name: str, address: str) -> str:
    """A name that leads to an address; only one of the web is made a link."""
    if not address.startswith("https://"):
        return name
    return f"[{name}](<{quote(one_line(address), safe=IN_ADDRESSES)}>)"


def _code(text: str) -> str:
    """A name in a fixed width; within it nothing can be escaped, so what would end it is replaced."""
    return f"`{one_line(text).replace('`', chr(39)).replace('|', '/')}`"


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if lines:
        yield from (f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines, "")


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A part to be opened. Its title is a line of HTML, in which Markdown's escapes mean nothing."""
    shown = without_mentions(escape(one_line(title)), "&#8203;")
    yield from (f"<details><summary>{shown}</summary>", "", *lines, "", "</details>", "")


def _fenced(text: str, language: str = "") -> Iterator[str]:
    """A block that the text cannot end."""
    fence = "`" * max(3, *(len(run) + 1 for run in findall("`+", text)), 3)
    yield from (f"{fence}{language}", text.expandtabs(4), fence)
