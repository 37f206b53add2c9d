"""Tells which events of a log are errors: by the level that the program gives, and without one by what it says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from erp_build.formats.json_text import parsed_json
from erp_build.formats.logs.stitched import EXCEPTION

HEAD = 160
"""Characters of a line in which its level stands."""

WORDS = {
    **dict.fromkeys(
        ("ERROR", "FATAL", "SEVERE", "CRITICAL", "ALERT", "EMERGENCY", "PANIC", "ERR", "CRIT", "EMERG"), True
    ),
    **dict.fromkeys(
        ("WARN", "WARNING", "NOTICE", "INFO", "DEBUG", "TRACE", "CONFIG", "FINE", "FINER", "FINEST"), False
    ),
    # As java.util.logging writes its levels in Korean, and as people write them.
    **dict.fromkeys(("심각", "오류", "에러", "치명적"), True),
    **dict.fromkeys(("경고", "정보", "디버그", "자세히", "보다 자세히", "가장 자세히", "구성"), False),
}
"""Level -> whether it is an error."""

LEVEL = re.compile(
    rf"(?:(?<=\s)|(?<=[\[|])|^)({'|'.join(sorted(WORDS, key=len, reverse=True))})"
    r"(?=[\]|:]|\s{0,8}+(?:[-\[|:]|\d)|\s\s|\s[\w.$]|$)"
    r"|(?<=\[)(error|crit|alert|emerg|warn|notice|info|debug)(?=\])"
    r"|(?:\blevel=\"?|\"(?:level|severity|log\.level|levelname)\":\s?\")(\w{1,12}+)"
    r"|^([EFWID])\d{4} \d\d:\d\d:\d\d"
)
"""A level in the head of a line: in capitals (Logback, JUL in Korean), in brackets (nginx), as a value, of klog.

A Korean word is one only where a sentence could not have it.
"""

KLOG = {"E": True, "F": True}
"""The letter that a line of klog begins with -> whether it is an error; any other is none."""

KOREAN_PLACE = re.compile(r"[\]|:]|$|\s{1,8}+[-\[|\d]")
"""What stands behind a Korean level: such a word is also one of sentences ("오류 없이 끝났습니다")."""

LEVEL_KEYS = ("level", "severity", "log.level", "levelname", "lvl", "loglevel", "logLevel", "@l", "severityText")
SYSLOG_ERROR, PINO_ERROR, PYTHON_ERROR = 3, 50, 40
"""Numbers of levels: of syslog (GELF), where less is worse; of pino and bunyan; of Python, which `levelno` holds."""

TRACE_KEYS = ("stack_trace", "stackTrace", "exception", "error.stack_trace", "stack")
MESSAGE_KEYS = ("message", "msg", "short_message", "@m", "log")

SIGNS = re.compile(
    r"Exception in thread \"|Traceback \(most recent call last\)|panic: |fatal error: |FATAL:|Unhandled exception"
    r"|Task timed out after|Runtime exited|Runtime\.\w|OutOfMemoryError"
    r"|Application run failed|APPLICATION FAILED TO START"
    r"|Segmentation fault|Error: Cannot find|npm ERR!"
    r"|예외가 발생|오류가 발생|에러가 발생|오류 발생|에러 발생|예외 발생"
)
"""What says without a level that something failed."""

TRACE = re.compile(r"\s{1,8}+at [\w.$/]|Caused by: ")


def is_error(lines: Sequence[str]) -> bool:
    """Whether an event is an error.

    A level decides, wherever one is found: a stack trace below a warning is a warning. Without a level an event is one
    if it has a stack trace, or says by a known phrase that something failed.

    Args:
        lines: of the event, as they were printed.
    """
    first = lines[0]
    if (document := _document(first)) is not None:
        return _is_error_in(document)
    if (level := _level(first[:HEAD])) is not None:
        return level
    return any(map(_says_so, lines)) or any(TRACE.match(line) for line in lines[1:])


def said(lines: Sequence[str]) -> str:
    """What an event says, in one line without what differs from one time to the next: to tell the same error again."""
    document = _document(lines[0])
    texts = [str(document[key]) for key in MESSAGE_KEYS if key in document] if document else []
    level = None if texts else LEVEL.search(lines[0][:HEAD])
    text = texts[0] if texts else lines[0][level.end() :] if level else lines[0]
    thrown = next((line for line in lines[1:] if EXCEPTION.match(line)), "")
    return "".join("0" if char.isdigit() else char for char in f"{text} {thrown}".strip())


def _document(line: str) -> Mapping[str, Any] | None:
    """A line that is a JSON object."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = parsed_json(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _is_error_in(document: Mapping[str, Any]) -> bool:
    for level in _levels(document):
        if isinstance(level, bool):
            continue
        if isinstance(level, int | float):
            # GELF says which numbers it means.
            return level <= SYSLOG_ERROR if "short_message" in document else level >= PINO_ERROR
        if isinstance(level, str) and (known := WORDS.get(level.strip().upper())) is not None:
            return known
    number = document.get("levelno")
    if isinstance(number, int):
        return number >= PYTHON_ERROR
    if any(isinstance(document.get(key), str) and document[key].strip() for key in TRACE_KEYS):
        return True
    texts = [document[key] for key in MESSAGE_KEYS if isinstance(document.get(key), str)]
    return bool(texts) and is_error(texts[0].splitlines() or [""])


def _levels(document: Mapping[str, Any]) -> Iterator[Any]:
    yield from (document[key] for key in LEVEL_KEYS if key in document)
    log = document.get("log")
    if isinstance(log, dict):
        yield log.get("level")


def _level(head: str) -> bool | None:
    """Whether the first level in the head of a line is one of errors; None where there is none."""
    for found in LEVEL.finditer(head):
        if found[4]:
            return KLOG.get(found[4], False)
        word = (found[1] or found[2] or found[3]).upper()
        if word in WORDS and (word.isascii() or KOREAN_PLACE.match(head, found.end())):
            return WORDS[word]
    return None


def _says_so(line: str) -> bool:
    return bool(SIGNS.search(line) or EXCEPTION.match(line))
