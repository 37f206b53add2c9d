"""Which answers pass: the same question may get another answer a moment later. The one table for all clients.

`clients/patience.py` says for how long a question is asked again.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP statuses of AWS, of a registry and of a cluster. Every other refusal (400, 403, 404) is final."""

PASSING_CODES = frozenset(
    {
        # Asked too often.
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        # Trouble of the service, or on the way to it.
        "ConnectionError",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerErrorException",
        "InternalServiceError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServerException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
"""Codes of AWS. `LimitExceededException` is none of them: ECR says so of an image that was scanned already."""

CONFLICT_CODE = "ResourceConflictException"
"""Lambda's code for a function that is being changed at this moment. A change of ours is read back and tried again.

`PreconditionFailedException` does not pass: the function is not what the caller has read, which the caller judges.
"""

PASSING_TEXTS = (
    "connection refused",
    "connection reset",
    "connection timed out",
    "broken pipe",
    "i/o timeout",
    "tls handshake timeout",
    "http2: client connection lost",
    "unexpected eof",
    ": eof",
    "no route to host",
    "network is unreachable",
    "temporary failure in name resolution",
    "server misbehaving",
    "etcdserver: ",
    "raft proposal dropped",
    "too many requests",
    "internal error occurred",
    "has prevented the request from succeeding",
    "is currently unable to handle the request",
    "unable to return a response in the time allotted",
    # Two writers of one object: a second look reads the newer version.
    "the object has been modified",
    # Also where the token has just expired, or where the API server does not reach what checks tokens.
    "provide credentials",
)
"""Parts of messages in small letters, of programs that tell errors apart by their text alone: Helm and Git."""

PASSING_PUSH_TEXTS = (
    *PASSING_TEXTS,
    "eof",
    "timeout",
    "timed out",
    "toomanyrequests",
    "500 internal",
    "502",
    "503",
    "504",
)
"""The same for a push by the engine: its messages hold the status of the registry, or only a word of the connection."""


def code_passes(code: str, status: int = 0) -> bool:
    """Whether an error of AWS passes, by its code and its HTTP status."""
    return code in PASSING_CODES or status in PASSING_STATUSES


def text_passes(text: str) -> bool:
    """Whether a message of Helm or Git says that the other side was not reachable or could not answer."""
    lowered = text.lower()
    return any(part in lowered for part in PASSING_TEXTS)


def push_text_passes(text: str) -> bool:
    """Whether a push broke off, so that another attempt may succeed."""
    lowered = text.lower()
    return any(part in lowered for part in PASSING_PUSH_TEXTS)


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds after which a server wants to be asked again (`Retry-After`); 0 where it does not say."""
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    wanted = lowered.get("retry-after", "")
    if wanted.isascii() and wanted.isdigit():
        return float(wanted)
    try:
        # A date is compared with the server's own clock.
        later = parsedate_to_datetime(wanted) - parsedate_to_datetime(lowered.get("date", ""))
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, later.total_seconds())
