"""Notify people how a run ended. A failure here is reported, and does not change how the run ended."""

import signal
from typing import TYPE_CHECKING

from erp_build.clients.effects import NotifyRequest
from erp_build.clients.protocols import Clients
from erp_build.errors import ErpBuildError
from erp_build.model.project import NotifyPolicy
from erp_build.report.document import report_document
from erp_build.report.message import make_message
from erp_build.run_record import RunReport

if TYPE_CHECKING:
    from erp_build.report.message import MessageKind

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of a run that somebody ended at the keyboard: that person needs no message."""


def notify(clients: Clients, policy: NotifyPolicy, report: RunReport) -> None:
    """Send a message about the run if the policy asks for one."""
    kind = message_kind(report, policy)
    if kind is None:
        return
    place = report.place
    topic = policy.topic or (f"{place.project}-{place.environment}-alarms" if place else "")
    if not topic or (place is None and not topic.startswith("arn:")):
        clients.progress.say(
            "nobody is notified: the run ended before it knew its account; an ARN in [notify] is enough"
        )
        return
    account, region = (place.account, place.region) if place else ("", "")
    try:
        message = make_message(clients.secrets.mask_all(report_document(report)), kind)
        clients.effects.notify(NotifyRequest(topic=topic, account=account, region=region, **message._asdict()))
        clients.progress.say(f"told {topic}: {message.subject}")
    except ErpBuildError as error:
        clients.progress.say(f"nobody is notified: {error.what}: {error.where} {error.why}".strip())
    except Exception as error:  # noqa: BLE001 - a mistake in a message must not become the end of a run
        clients.progress.say(f"nobody is notified: a bug of erp_build, {type(error).__name__}: {error}")


def message_kind(report: RunReport, policy: NotifyPolicy) -> "MessageKind | None":
    """The message that the policy asks for: a failure, the first deployment after one, or any; None: no message."""
    kinds: list[MessageKind] = []
    if report.error:
        kinds = ["failure"] if report.error.code != INTERRUPTED else []
    elif report.outcome == "deployed":
        kinds = ["recovery", "success"] if report.recovers else ["success"]
    return next((kind for kind in kinds if kind in policy.on), None)
