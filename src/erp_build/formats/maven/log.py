"""The lines of Maven's log, and those that say why Maven failed."""

import re

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
USER_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+@")
LEVEL = re.compile(r"^\[(?:ERROR|FATAL|INFO|WARN|WARNING)\] ?")

MAX_SUMMARY_LINES, MAX_LAST_LINES, MAX_LINE_LENGTH = 8, 3, 600

# An execution's id may hold blanks and brackets.
GOAL = re.compile(r"\[ERROR\] Failed to execute goal (?:\S{1,300} )?(?:\(.{1,200}\) )?on project ([^\s:]+): ?(.*)")
GOAL_IN_FULL = re.compile(r"goal \S{1,200}:(\S{1,100}:\S{1,100} \(.{1,200}\)) on project ([^\s:]+):")
BEGINNING = re.compile(r"\[INFO\] -+(?: \S|<|\[|$)")
"""The line before the output of a goal, of a module, or of the summary."""

COMPLAINT = re.compile(r"\[(?:ERROR|WARN|WARNING)\] ?(?=\S)|Rule \d{1,4}: ")
NOISE = re.compile(
    r"Compilation failure(?:: Compilation failure: ?)?$|COMPILATION ERROR|Please refer to |Command was |\[Help \d"
    r"|Some problems were encountered|The build could not read|The project .* has \d+ errors?$|Child module .* @$"
)
TRAILER_STARTS = ("To see the full stack trace", "at org.apache.maven", "org.apache.maven.", "Re-run Maven")
RESOLVING = re.compile(
    r"^Could not resolve dependencies for project \S+: "
    r"(?:Failed to .*: (?=Could not )|(?=Could not |Cannot |\S+ was not ))?"
)
HELP = re.compile(r" ?-> \[Help \d+\]\s*$")


def plain(line: str) -> str:
    """Return a line without colours, control characters, and user names and passwords in addresses."""
    return USER_IN_ADDRESS.sub("***@", CONTROL.sub("", ANSI.sub("", line))).rstrip()


def told_by(block: list[str]) -> str:
    """Summarise a block of the log: each message once, without the text that Maven adds to every failure."""
    match = GOAL.match(block[0])
    told = list[str]()
    for line in [match[2], *block[1:]] if match else block:
        text = RESOLVING.sub("", HELP.sub("", LEVEL.sub("", LEVEL.sub("", line)))).strip()
        if text.startswith(TRAILER_STARTS):
            break
        if text and text not in told and not NOISE.match(text):
            told.append(text)
    return shortened(told or [match[2] if match else "Maven failed"])


def said_by_goal(line: str, log: list[str]) -> list[str]:
    """Return what a goal complained of while it ran: its errors and warnings, which its last word may only count.

    Args:
        line: `Failed to execute goal ...`, with the execution's id.
        log: all of the log.
    """
    match = GOAL_IN_FULL.search(line)
    if not match:
        return []
    end = f":{match[1]} @ {match[2]} ---"
    begin = next((place for place, text in enumerate(log) if text.endswith(end)), len(log))
    told = list[str]()
    for text in log[begin + 1 :]:
        if BEGINNING.match(text):
            break
        if COMPLAINT.match(text) and not NOISE.search(text):
            told.append(LEVEL.sub("", text).strip())
    return told


def failed_tests(log: list[str]) -> str:
    """Return the failed tests as surefire lists them; empty if it lists none."""
    told, inside = list[str](), False
    for line in log:
        text = LEVEL.sub("", line)
        if line.startswith("[ERROR] ") and text.strip() in ("Failures:", "Errors:"):
            inside = True
        elif inside and not text.startswith(" "):
            inside = False
        elif inside and text.strip():
            told.append(text.strip())
    return shortened(told)


def last_lines(log: list[str]) -> str:
    """Return the last lines of a log, for a failure that no other line explains."""
    told = [LEVEL.sub("", line) for line in log]
    return shortened([line for line in told if line.strip("- ")][-MAX_LAST_LINES:])


def shortened(told: list[str]) -> str:
    """Return the first lines, and how many more there are."""
    kept = [line[:MAX_LINE_LENGTH] for line in told[:MAX_SUMMARY_LINES]]
    more = [f"and {len(told) - MAX_SUMMARY_LINES} lines more"] if len(told) > MAX_SUMMARY_LINES else []
    return "\n".join((*kept, *more))
