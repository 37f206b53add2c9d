"""Times of logs: as Kubernetes writes them, as a person asks for them, and as they are shown."""

import re
from datetime import UTC, datetime, timedelta

NANOSECONDS = 1_000_000_000
NANOSECONDS_OF_MILLISECOND = 1_000_000

MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}+)\d{0,9}+)?(Z|[+-]\d\d:\d\d)")
DURATION = re.compile(r"(?:(\d{1,4}+)d)?(?:(\d{1,5}+)h)?(?:(\d{1,6}+)m)?(?:(\d{1,8}+)s)?")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MOST_DIGITS = 9
"""Digits behind the point of a second that Kubernetes writes."""


def nanoseconds_of(moment: datetime) -> int:
    """Nanoseconds since 1970 of a time with a zone."""
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * NANOSECONDS + moment.microsecond * 1000


def read_moment(text: str) -> tuple[int, int] | None:
    """The time that a text begins with (RFC 3339, up to nine digits), and where it ends; None: it begins with none."""
    found = MOMENT.match(text)
    if found is None:
        return None
    try:
        seconds = int(datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00")).timestamp())
    except (ValueError, OverflowError):
        return None
    fraction = int((found[2] or "").ljust(MOST_DIGITS, "0"))
    return seconds * NANOSECONDS + fraction, found.end()


def shown_moment(at: int) -> str:
    """A time for the reader, UTC: `2026-11-29T17:44:01.123Z`."""
    seconds, rest = divmod(at, NANOSECONDS)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // NANOSECONDS_OF_MILLISECOND:03d}Z"


def whole_second(at: int) -> str:
    """The second in which a time is, as Kubernetes takes it: `2026-11-29T17:44:01Z`."""
    return f"{datetime.fromtimestamp(at // NANOSECONDS, UTC):%Y-%m-%dT%H:%M:%SZ}"


def since(text: str, now: datetime) -> datetime | None:
    """The moment that `--since` means; None where the text is no time, or one that has not come yet.

    Args:
        text: a duration before now (`90s`, `10m`, `1h30m`, `2d`), or a date and time of ISO 8601; without a zone UTC.
        now: with its zone.
    """
    if (found := DURATION.fullmatch(text)) and text:
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        back = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return now - back if back else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # CloudWatch knows no time before 1970.
    return max(moment, EPOCH) if moment <= now else None
