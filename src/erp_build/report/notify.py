"""The message about a run: a subject, a text short enough for a phone, and the same for a chat; and who gets it.

A failure here is reported, and does not change how the run ended.
"""

import re
import signal
from collections.abc import Callable, Iterator
from html import escape
from typing import Literal, NamedTuple

from erp_build.clients.effects import NotifyRequest
from erp_build.clients.protocols import Clients
from erp_build.errors import ErpBuildError
from erp_build.formats.printable import few_names, json_text, one_line, printable
from erp_build.model.environment import Place
from erp_build.model.project import NotifyPolicy
from erp_build.report.document import report_document
from erp_build.report.document_types import ReportDocument
from erp_build.report.markdown import report_markdown
from erp_build.report.summary import left_out_of, moved_effects, whose
from erp_build.report.text.plan import without_mentions
from erp_build.run_record import RunReport

MessageKind = Literal["failure", "recovery", "success", "approval"]

MAX_SUBJECT_CHARACTERS = 99
"""SNS accepts fewer than 100 characters, all of them ASCII."""

MAX_WHY_LINES, MAX_WHY_CHARACTERS = 12, 1500
"""The part of a cause that a phone shows without much scrolling; the report has all of it."""

MAX_PLAN_CHARACTERS = 20_000
"""The part of a plan that is sent to who approves it; a message of SNS has at most 256 KiB in all its forms."""

SUBJECT_WORDS = {"failure": "FAILED", "recovery": "RECOVERED", "success": "deployed", "approval": "WAITS FOR APPROVAL"}
EMOJIS = {
    "failure": ":red_circle:",
    "recovery": ":large_green_circle:",
    "success": ":white_check_mark:",
    "approval": ":raised_hand:",
}

GAP = "\N{ZERO WIDTH SPACE}"
"""Keeps apart what a chat would take for a mention or a link; nobody sees it."""

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of a run that somebody ended at the keyboard: that person needs no message."""


class Message(NamedTuple):
    """A message in its forms; `chat` is a custom notification of Amazon Q Developer in chat applications, as JSON."""

    subject: str
    text: str
    chat: str


def notify(clients: Clients, policy: NotifyPolicy, report: RunReport) -> None:
    """Send a message about the run if the policy asks for one."""
    kind = message_kind(report, policy)
    if kind is not None:
        send(
            clients, policy, report.place, lambda: make_message(clients.secrets.mask_all(report_document(report)), kind)
        )


def send(clients: Clients, policy: NotifyPolicy, place: Place | None, make: Callable[[], Message]) -> None:
    """Make a message and send it to the topic of the policy. Whether it was sent is said; nothing is raised."""
    topic = policy.topic or (f"{place.project}-{place.environment}-alarms" if place else "")
    if not topic or (place is None and not topic.startswith("arn:")):
        clients.progress.say(
            "nobody is notified: the run ended before it knew its account; an ARN in [notify] is enough"
        )
        return
    account, region = (place.account, place.region) if place else ("", "")
    try:
        message = make()
        clients.effects.notify(NotifyRequest(topic=topic, account=account, region=region, **message._asdict()))
        clients.progress.say(f"told {topic}: {message.subject}")
    except ErpBuildError as error:
        clients.progress.say(f"nobody is notified: {error.what}: {error.where} {error.why}".strip())
    except Exception as error:  # noqa: BLE001 - a mistake in a message must not become the end of a run
        clients.progress.say(f"nobody is notified: a bug of erp_build, {type(error).__name__}: {error}")


def message_kind(report: RunReport, policy: NotifyPolicy) -> MessageKind | None:
    """The message that the policy asks for: a failure, the first deployment after one, any, or a plan; None: none."""
    kinds: list[MessageKind] = []
    if report.error:
        kinds = ["failure"] if report.error.code != INTERRUPTED else []
    elif report.outcome == "deployed":
        kinds = ["recovery", "success"] if report.recovers else ["success"]
    elif report.outcome == "cleared":
        kinds = ["approval"]
    return next((kind for kind in kinds if kind in policy.on), None)


def make_message(report: ReportDocument, kind: MessageKind) -> Message:
    """The message about a run.

    Args:
        report: the document of `report_document`, with its secrets masked already.
        kind: what it is about.
    """
    title = one_line(f"{whose(report)}: {SUBJECT_WORDS[kind]}: {_what(report)}")
    plan = f"\n{_plan(report)}" if kind == "approval" else ""
    return Message(subject_of(title), f"{_text(report, title)}{plan}", _chat(report, title, kind))


def _what(report: ReportDocument) -> str:
    if error := report["error"]:
        return f"{error['what']} (exit code {report['exit_code']})"
    if report["outcome"] == "cleared":
        moved = [f"{one['name']} {one['action']}" for one in report["targets"] if one["action"] != "none"]
        return f"{report['tag']} ({', '.join(moved)})"
    names = [one["name"] for one in report["targets"] if one["running"]]
    return f"{report['tag']} runs" + (f" ({', '.join(names)})" if names else "")


def _plan(report: ReportDocument) -> str:
    """The plan as Markdown, whole lines of it."""
    text = report_markdown(report)
    if len(text) <= MAX_PLAN_CHARACTERS:
        return text
    return f"{text[:MAX_PLAN_CHARACTERS].rpartition(chr(10))[0]}\n... (the rest is in the report)\n"


def subject_of(title: str) -> str:
    """One line of ASCII: SNS refuses everything else."""
    text = re.sub(r"[^\x20-\x7e]+", "?", title)
    return text if len(text) <= MAX_SUBJECT_CHARACTERS else f"{text[: MAX_SUBJECT_CHARACTERS - 3]}..."


def _text(report: ReportDocument, title: str) -> str:
    facts = "\n".join(f"{name}: {one_line(value)}" for name, value in _facts(report))
    parts = [title, *(f"{name}: {_indented(value)}" for name, value in _error_parts(report)), facts]
    return printable("\n\n".join(part for part in parts if part)) + "\n"


def _indented(text: str) -> str:
    """A text whose further lines cannot be taken for lines of the message."""
    return text.replace("\n", "\n  ")


def _error_parts(report: ReportDocument) -> Iterator[tuple[str, str]]:
    error = report["error"]
    if not error:
        return
    for name, text in (("Where", error["where"]), ("Why", _short(error["why"])), ("Next", error["next"])):
        if text:
            yield name, text
    yield "Changed", _changed(report)


def _changed(report: ReportDocument) -> str:
    """What the failure left behind: it decides how urgent the failure is."""
    if report["taken_back"]:
        return f"taken back: {'; '.join(report['taken_back'])}"
    moved = moved_effects(report)
    if not moved:
        return "nothing was deployed; what ran before still runs"
    stays = [f"not taken back, as it has migrated: {'; '.join(report['migrated'])}"] if report["migrated"] else []
    return "; ".join((*(f"{one['name']} {one['target']} {one['state']}" for one in moved), *stays))


def _facts(report: ReportDocument) -> Iterator[tuple[str, str]]:
    if failed := next((one["name"] for one in report["stages"] if one["status"] == "failed"), ""):
        yield "stage", failed
    if report["head"]:
        yield "commit", report["head"]
    if left_out := left_out_of(report):
        yield "left out", few_names(left_out)
    if saved := report["saved_plan"]:
        yield "saved plan", saved["digest"]
        yield from (("approved by", one["by"] or "somebody") for one in saved["approvals"])
    if place := report["place"]:
        yield "cluster", f"{place['cluster']}, {place['region']}, account {place['account']}"
    if build := report["build"]["link"] or report["build"]["id"]:
        yield "build", build


def _chat(report: ReportDocument, title: str, kind: MessageKind) -> str:
    lines = [f"*{name}:* {escaped(_indented(value))}" for name, value in _error_parts(report) if name != "Next"]
    lines += [f"{name}: {escaped(one_line(value))}" for name, value in _facts(report)]
    error = report["error"]
    content = {
        "textType": "client-markdown",
        "title": f"{EMOJIS[kind]} {escaped(title)}",
        "description": "\n".join(lines),
        "nextSteps": [escaped(error["next"])] if error and error["next"] else [],
        "keywords": [escaped(whose(report)), *([report["tag"]] if report["tag"] else [])],
    }
    metadata = {"summary": escaped(title), "eventType": f"erp_build {kind}"}
    document = {"version": "1.0", "source": "custom", "content": content, "metadata": metadata}
    return json_text(document)


def escaped(text: str) -> str:
    """Escape untrusted text, so that it can neither mention users (`<!channel>`, `@team`) nor add links."""
    text = without_mentions(escape(printable(text), quote=False), GAP)
    return text.replace("](", f"]{GAP}(")


def _short(text: str) -> str:
    lines = text.splitlines()
    short = "\n".join(lines[:MAX_WHY_LINES])
    if len(lines) > MAX_WHY_LINES or len(short) > MAX_WHY_CHARACTERS:
        return f"{short[:MAX_WHY_CHARACTERS]}\n... (the rest is in the report)"
    return short
