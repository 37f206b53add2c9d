"""When what went on: a bar per stage, below the build a lane per image, and the critical path."""

from collections.abc import Iterator

from erp_build.report.critical_path import BUILD, last_to_end
from erp_build.report.document_types import ReportDocument, StageDocument
from erp_build.report.html.markup import NOTHING, Markup, element, lines, seconds, section
from erp_build.report.plan_types import MakingDocument
from erp_build.report.summary import longest_work

MIN_SHOWN_S = 0.05
"""Seconds under which a stage gets no row, because it would show as 0.0."""


def timeline_section(report: ReportDocument) -> Markup:
    """The stages on one axis; nothing where none was begun."""
    stages = report["stages"]
    if not stages:
        return section("Timeline")
    whole = max(report["seconds"], *(one["began"] + one["seconds"] for one in stages), 0.001)
    return section("Timeline", _sentence(report), _legend(report), *_rows(report, whole), _left_out(report))


def _sentence(report: ReportDocument) -> Markup:
    parts = [f"{one['part'] or one['name']} {seconds(one['seconds'])}" for one in longest_work(report)]
    if not parts:
        return NOTHING
    return element("p", element("b", "Critical path: "), f"mostly {', '.join(parts)}", class_="note")


def _legend(report: ReportDocument) -> Markup:
    tones = [("path", "stage, on the critical path")]
    if any(target["making"] for target in report["targets"]):
        tones = [("path", "stage"), ("maven", "Maven"), ("image", "image"), ("push", "push")]
    if any(one["status"] == "failed" for one in report["stages"]):
        tones.append(("failed", "failed"))
    return element("div", *(element("span", element("i", class_=f"bar {tone}"), word) for tone, word in tones),
                   class_="legend")  # fmt: skip


def _left_out(report: ReportDocument) -> Markup:
    names = [one["name"] for one in report["stages"] if _is_nothing(one)]
    return element("p", f"In no time: {', '.join(names)}.", class_="note") if names else NOTHING


def _is_nothing(stage: StageDocument) -> bool:
    return stage["status"] == "done" and stage["seconds"] < MIN_SHOWN_S


def _rows(report: ReportDocument, whole: float) -> Iterator[Markup]:
    for stage in report["stages"]:
        if _is_nothing(stage):
            continue
        tone = "failed" if stage["status"] == "failed" else "path"
        bar = _bar(tone, stage["name"], stage["began"], stage["seconds"], whole)
        yield _row(stage["name"], [bar], stage["seconds"])
        if stage["name"] == BUILD:
            made = {one["name"]: one["making"] for one in report["targets"] if one["making"]}
            last = last_to_end((name, making["ended"]) for name, making in made.items())
            for name, making in made.items():
                yield _lane(name, making, stage["began"], whole, last=name == last)


def _lane(name: str, making: MakingDocument, offset: float, whole: float, *, last: bool) -> Markup:
    """An image's way: its jar, then the image, then the push; what lies between is waiting for a turn."""
    maven, ready, push = making["maven"], making["ready"], making["push"]
    bars = [
        _bar("maven", f"{name}: Maven", offset + max(ready - maven, 0), min(maven, ready), whole),
        _bar("image", f"{name}: image", offset + making["began"], making["image"], whole),
        _bar("push", f"{name}: push", offset + making["ended"] - push, push, whole),
    ]
    label = lines(name, element("span", " · last to end", class_="dim")) if last else name
    return _row(label, bars, making["ended"], lane=True)


def _row(name: str, bars: list[Markup], length: float, *, lane: bool = False) -> Markup:
    track = element("div", *bars, class_="track")
    kind = "row lane" if lane else "row"
    return element("div", element("span", name), track, element("span", seconds(length)), class_=kind)


def _bar(tone: str, what: str, began: float, length: float, whole: float) -> Markup:
    place = f"left:{100 * began / whole:.2f}%;width:{100 * length / whole:.2f}%"
    return element("div", class_=f"bar {tone}", style=place, title=f"{what}: {seconds(length)} from {seconds(began)}")
