"""Signals of STOPSIGNAL, by Linux's names and numbers."""

import re

NAME = re.compile(
    r"(?:SIG)?(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS"
    r"|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ"
    r"|RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?)",
    re.IGNORECASE | re.ASCII,
)
NUMBER = re.compile(r"0{0,9}[1-9][0-9]{0,8}")


def is_signal(text: str) -> bool:
    """Whether builders take a text for a signal: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`."""
    return bool(NUMBER.fullmatch(text) or NAME.fullmatch(text))
