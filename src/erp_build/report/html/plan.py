"""What was planned and why, and what that changes: tags, objects of the release, images."""

from collections.abc import Iterable, Sequence

from erp_build.report.document_types import ReportDocument
from erp_build.report.html.markup import NOTHING, Markup, code, digest, element, lines, pill, section, table
from erp_build.report.plan_types import BaselineDocument, ObjectDocument, ReasonDocument

TONES = {"build": "warn", "reuse": "info", "redeploy": "info", "added": "good", "removed": "bad", "changed": "warn"}
MAX_ITEMS_SHOWN = 4
"""Reasons that are shown before the rest is folded away."""


def plan_section(report: ReportDocument) -> Markup:
    """A row per target: the action, what it was compared with, and the files that are the reason."""
    rows = [
        (
            element("b", target["name"]),
            target["kind"],
            pill(target["action"], TONES.get(target["action"], "")),
            _compared(target["baseline"]),
            _reasons(target["because"]),
        )
        for target in report["targets"]
    ]
    return section("Plan", table(("target", "kind", "action", "compared with", "because"), rows))


def changes_section(report: ReportDocument) -> Markup:
    """What a deployment changes: the values file, the release's objects, and the images."""
    changes = report["changes"]
    if not changes:
        return NOTHING
    parts = []
    if changes["values"]:
        parts += [element("h3", "Values file"), element("pre", *_coloured(changes["values"]))]
    if changes["objects"]:
        parts += [element("h3", "Objects of the release"), *map(_object, changes["objects"])]
    if changes["images"]:
        rows = [(element("b", one["target"]), pill(one["how"], TONES.get(one["how"], "")), code(one["name"]))
                for one in changes["images"]]  # fmt: skip
        parts += [element("h3", "Images"), table(("target", "", "image"), rows)]
    return section("What changes", *parts, note="Secrets are not compared, and no value with a secret's name is shown.")


def proof_section(report: ReportDocument) -> Markup:
    """Three digests of each target that must be one."""
    rows = [
        (
            element("b", one["name"]),
            digest(one["built"]),
            digest(one["scanned"]),
            digest(one["running"]),
            str(one["units"]),
            pill("the same", "good") if one["built"] == one["scanned"] == one["running"] else pill("differs", "bad"),
        )
        for one in report["targets"]
        if one["running"]
    ]
    title = "Proof, assumed" if report["rehearsal"] else "Proof"
    return section(title, table(("target", "built", "scanned", "running", "units", ""), rows))


def _compared(baseline: BaselineDocument) -> Markup:
    if not baseline["commit"]:
        return element("span", "nothing", class_="dim")
    return element("span", code(baseline["commit"][:12], baseline["commit"]), f" {baseline['source']}")


def _reasons(because: Sequence[ReasonDocument]) -> Markup:
    if not because:
        return element("span", "nothing differs", class_="dim")
    items = [_reason(one) for one in because]
    shown = element("ul", *items[:MAX_ITEMS_SHOWN])
    if len(items) <= MAX_ITEMS_SHOWN:
        return shown
    rest = element(
        "details", element("summary", f"{len(items) - MAX_ITEMS_SHOWN} more"), element("ul", *items[MAX_ITEMS_SHOWN:])
    )
    return element("div", shown, rest)


def _reason(one: ReasonDocument) -> Markup:
    if one["path"] is None:
        return element("li", one["rule"])
    return element("li", code(one["path"]), element("span", f" {one['rule']}", class_="dim"))


def _coloured(diff: str) -> Iterable[Markup]:
    for line in diff.split("\n"):
        is_head = line.startswith(("+++", "---", "@@"))
        tone = "dim" if is_head else {"+": "will", "-": "was"}.get(line[:1], "")
        yield element("span", f"{line}\n", class_=tone)


def _object(one: ObjectDocument) -> Markup:
    title = lines(element("b", f"{one['kind']} "), one["name"], " ", pill(one["change"], TONES[one["change"]]))
    if not one["fields"]:
        return element("p", title)
    rows = [
        (code(item["path"]), element("span", _value(item["before"]), class_="was"),
         element("span", _value(item["after"]), class_="will"))
        for item in one["fields"]
    ]  # fmt: skip
    return element("details", element("summary", title), table(("field", "before", "after"), rows), open="open")


def _value(value: str | None) -> str:
    return "nothing" if value is None else value
