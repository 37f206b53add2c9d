"""Reads the records of log groups in CloudWatch Logs."""

from typing import Any

from botocore.exceptions import ClientError

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, error_code, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.errors import ConfigurationError, NoLogGroup
from erp_build.formats.logs.moments import NANOSECONDS_OF_MILLISECOND
from erp_build.model.releases.logs import LogRecord, RecordPage

NOT_THERE = "ResourceNotFoundException"


@reads_answers_of("CloudWatch Logs", ConfigurationError, UNREADABLE_OF_AWS)
class LogGroups:
    """The log groups of the account.

    Args:
        client: for CloudWatch Logs.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def records(self, group: str, since: int, token: str = "") -> RecordPage:
        """A page of the records of a group from a moment on, oldest first in each stream.

        Args:
            group: its name.
            since: nanoseconds since 1970.
            token: of the page before; empty: the first page.

        Raises `NoLogGroup` where it is not there, and `ConfigurationError` where it may not be read.
        """
        going_on: Any = {"nextToken": token} if token else {}
        with translate_aws_errors("logs:FilterLogEvents", group):
            try:
                page = self._client.filter_log_events(
                    logGroupName=group, startTime=since // NANOSECONDS_OF_MILLISECOND, **going_on
                )
            except ClientError as error:
                if error_code(error) != NOT_THERE:
                    raise
                raise NoLogGroup(
                    "there is no such log group",
                    where=group,
                    why=str(error),
                    next_step="a function that was never called has none; else check its name",
                ) from error
        records = tuple(
            LogRecord(
                identifier=item["eventId"],
                stream=item["logStreamName"],
                at=item["timestamp"] * NANOSECONDS_OF_MILLISECOND,
                text=item["message"],
            )
            for item in page.get("events", ())
        )
        return RecordPage(records, page.get("nextToken", ""))
