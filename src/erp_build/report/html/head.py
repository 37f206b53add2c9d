"""What a reader sees first: how the run ended, where and when, and after a failure what to do next."""

from collections.abc import Iterator

from erp_build.report.document_types import ReportDocument
from erp_build.report.html.markup import NOTHING, Markup, block, code, element, lines, pill, seconds, section
from erp_build.report.summary import moved_effects, warnings_of

OUTCOMES = {
    "deployed": ("Deployed", "good"),
    "nothing": ("Nothing to do", "info"),
    "rehearsed": ("Rehearsed", "info"),
    "failed": ("Failed", "bad"),
}


def head(report: ReportDocument) -> Markup:
    """The headline, the facts, and the numbers."""
    word, tone = OUTCOMES[report["outcome"]]
    marks = [pill(word if report["outcome"] != "failed" else f"{word}, exit code {report['exit_code']}", tone)]
    if report["rehearsal"] and report["outcome"] == "failed":
        marks.append(pill("rehearsal", "info"))
    if report["recovers"] and report["outcome"] == "deployed":
        marks.append(pill("recovered", "good"))
    facts = [element("span", f"{name} ", element("b", value)) for name, value in _facts(report)]
    return element(
        "header",
        element("h1", element("span", headline(report)), *marks),
        element("div", *facts, class_="facts"),
        element("div", *_tiles(report), class_="tiles"),
    )


def headline(report: ReportDocument) -> str:
    """Whose run it is."""
    place = report["place"]
    what = f"{place['project']} {place['environment']}" if place else "erp_build"
    return f"{what} · {report['tag']}" if report["tag"] else what


def error_section(report: ReportDocument) -> Markup:
    """What failed, where, why, what to do next, and what of the world was changed nevertheless."""
    error = report["error"]
    if not error:
        return NOTHING
    rows = [("where", error["where"], error["where"]), ("why", error["why"], block(error["why"]))]
    shown = [lines(element("dt", name), element("dd", content)) for name, text, content in rows if text]
    return element(
        "section",
        element("h2", error["what"]),
        element("dl", *shown) if shown else NOTHING,
        element("p", element("b", "Next: "), error["next"], class_="next") if error["next"] else NOTHING,
        element("p", _left_behind(report), class_="note"),
        element("ul", *(element("li", f"Taken back: {one}") for one in report["taken_back"])),
        class_="error",
    )


def _left_behind(report: ReportDocument) -> str:
    number = len(moved_effects(report))
    if not number:
        return "Nothing was deployed."
    changes = "1 change of what runs was" if number == 1 else f"{number} changes of what runs were"
    return f"{changes} made before it failed, see Effects."


def warnings_section(report: ReportDocument) -> Markup:
    """What the plan warns of, alarms that are on, and files that belong to nobody."""
    said = warnings_of(report)
    items = [element("ul", *(element("li", one) for one in said))] if said else []
    if report["unowned"]:
        files = element("ul", *(element("li", code(path)) for path in report["unowned"]))
        title = element("summary", f"{len(report['unowned'])} changed files belong to no target")
        items.append(element("details", title, files))
    return section("Warnings", *items)


def _facts(report: ReportDocument) -> Iterator[tuple[str, str]]:
    if report["head"]:
        yield "commit", code(report["head"][:12], report["head"])
    if report["started"]:
        yield "began", report["started"].replace("T", " ").replace("+00:00", " UTC")
    if place := report["place"]:
        yield "account", place["account"]
        yield "region", place["region"]
        yield "cluster", place["cluster"]
    build = report["build"]
    # Only an address of the web is made a link; anything else stays text.
    if build["link"] and build["link"].startswith("https://"):
        yield "build", element("a", build["id"] or "open", href=build["link"], rel="noreferrer")
    elif build["id"]:
        yield "build", build["id"]


def _tiles(report: ReportDocument) -> Iterator[Markup]:
    actions = [target["action"] for target in report["targets"] if target["kind"] != "chart"]
    verb = "to be " if report["rehearsal"] else ""
    for action, word in (("build", "built"), ("reuse", "reused"), ("redeploy", "redeployed"), ("none", "unchanged")):
        if action in actions:
            yield _tile(str(actions.count(action)), f"{verb if action != 'none' else ''}{word}")
    if report["gate"]:
        blocked = sum(image["outcome"] != "passed" for image in report["gate"]["images"])
        yield _tile(str(blocked), "stopped by the gate")
    proven = [target for target in report["targets"] if target["running"]]
    if proven:
        yield _tile(f"{len(proven)}", "assumed" if report["rehearsal"] else "proven")
    yield _tile(seconds(report["seconds"]), "in all")


def _tile(number: str, what: str) -> Markup:
    return element("div", element("b", number), what, class_="tile")
