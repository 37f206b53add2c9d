"""An event of a log as `logs` prints it, and its document."""

from typing import Any

from erp_build.formats.logs.moments import shown_moment
from erp_build.formats.logs.severity import is_error
from erp_build.formats.printable import one_line
from erp_build.model.releases.logs import LogEvent, LogSource

NEW, LATE = "+", "<"
"""Marks of a unit that began within the time that is shown, and of an event that comes after newer ones."""

STREAM_SHOWN = 8
"""Letters of a log stream's name that tell it from others."""


def event_text(event: LogEvent, text: str) -> str:
    """An event for people: time, marks, who, and its lines; each further line stands below the first.

    Args:
        event: of a log.
        text: its lines, masked.
    """
    marks = (NEW if event.source.is_new else " ") + (LATE if event.is_late else " ")
    first, *rest = text.split("\n")
    head = one_line(f"{shown_moment(event.at)} {marks} {_name(event.source)}")
    return "\n".join((f"{head} | {first}", *(f"{'':24} {marks} | {line}" for line in rest)))


def event_document(event: LogEvent) -> dict[str, Any]:
    """An event for programs: one object a line."""
    return {
        "at": shown_moment(event.at),
        "target": event.source.target,
        "unit": event.source.unit,
        "container": event.source.container or None,
        "new": event.source.is_new,
        "late": event.is_late,
        "error": is_error(event.lines),
        "text": "\n".join(event.lines),
    }


def _name(source: LogSource) -> str:
    if not source.container:
        return f"{source.target} {source.unit[-STREAM_SHOWN:]}"
    # A pod of a service mostly has one container with the service's name.
    return source.unit if source.container == source.target else f"{source.unit}/{source.container}"
