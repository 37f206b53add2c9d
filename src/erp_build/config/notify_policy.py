"""The `[notify]` table: who is told how runs end."""

import re

from erp_build.config.toml_table import Table
from erp_build.model.project import NotifyPolicy

EVENTS = ("failure", "recovery", "success")
TOPIC = re.compile(r"(arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:)?[0-9A-Za-z_-]{1,256}")
"""A topic's name or its ARN; a FIFO topic would want a group with each message, and no phone or chat can subscribe."""


def parse_notify(table: Table) -> NotifyPolicy:
    """Read a `[notify]` table."""
    table.only("topic", "on")
    topic = table.text("topic") if "topic" in table else ""
    if topic and not TOPIC.fullmatch(topic):
        raise table.error(
            "topic", f"`topic` cannot be `{topic}`", "write the name or the ARN of a standard topic of SNS"
        )
    return NotifyPolicy(topic=topic, on=table.words("on", EVENTS, NotifyPolicy().on))
