"""A plan for a person: a few lines on a terminal, or Markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.formats.printable import cells, few_names, one_line, padded, printable
from erp_build.report.text.table import few

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from erp_build.model.plan import Plan, Reason, Step

MAX_REASONS_SHOWN = 3
"""Reasons that a target shows before the rest is only counted."""

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
COLOURS = {"build": "\x1b[33m", "reuse": "\x1b[36m", "redeploy": "\x1b[34m", "none": DIM}
MEANING = {"build": "built", "reuse": "reused", "redeploy": "redeployed"}


def plan_text(plan: Plan, *, others: int = 0, colour: bool = False) -> str:
    """A plan: a line per target, and why.

    Args:
        plan: what to show.
        others: targets that are not in the plan, because nothing touches them.
        colour: for a terminal.
    """
    width = max(cells(step.target.name) for step in plan.steps)
    lines = [_styled(f"Plan for {plan.head[:12]} (tag {plan.tag})", BOLD, colour)]
    for step in plan.steps:
        action = _styled(f"{step.action:<8}", COLOURS[step.action], colour)
        lines.append(f"  {one_line(padded(step.target.name, width))}  {action}  {_compared(step)}")
        lines += [_styled(f"  {'':<{width}}    {reason}", DIM, colour) for reason in _reasons(step.because)]
    if others:
        same = "1 other target does not differ" if others == 1 else f"{others} other targets do not differ"
        also = ", but the chart redeploys services" if plan.upgrades_for_chart else ""
        lines.append(_styled(f"  {same}{also}", DIM, colour))
    if plan.unowned:
        lines.append(one_line(f"Owned by no target: {few_names(plan.unowned)}"))
    lines += [one_line(f"Warning: {warning}") for warning in plan.warnings]
    if plan.is_empty:
        lines.append(nothing_to_do(plan.left_out))
    return "\n".join(lines)


def plan_markdown(plan: Plan, mask: Callable[[str], str] = str) -> str:
    """A plan for a pull request: a sentence, a table, and the reasons folded away.

    Args:
        plan: what to show.
        mask: takes the secrets out of a text; afterwards Markdown's escapes would hide them from it.
    """
    plan = _masked(plan, mask)
    lines = [f"### Plan for `{plan.head[:12]}`", "", _sentence(plan), ""]
    lines += ["| target | action | compared with | because |", "|---|---|---|---|"]
    for step in plan.steps:
        compared = _compared(step).removeprefix("compared with ")
        lines.append(f"| {cell(step.target.name)} | {step.action} | {compared} | {because_cell(step.because)} |")
    if plan.unowned:
        lines += ["", f"<details><summary>{len(plan.unowned)} changed files belong to no target</summary>", ""]
        lines += [f"- {cell(path)}" for path in plan.unowned]
        lines += ["", "</details>"]
    lines += [line for warning in plan.warnings for line in ("", f"> **Warning:** {cell(warning)}")]
    return printable("\n".join(lines))


def _masked(plan: Plan, mask: Callable[[str], str]) -> Plan:
    def reason(one: Reason) -> Reason:
        return one._replace(path=one.path and mask(one.path), rule=mask(one.rule))

    steps = [step._replace(because=tuple(map(reason, step.because))) for step in plan.steps]
    warnings, unowned = (tuple(map(mask, texts)) for texts in (plan.warnings, plan.unowned))
    return plan._replace(steps=tuple(steps), warnings=warnings, unowned=unowned)


def _sentence(plan: Plan) -> str:
    if plan.is_empty:
        return cell(nothing_to_do(plan.left_out))
    parts: Iterator[str] = (
        f"**{', '.join(names)}** {word}"
        for action, word in MEANING.items()
        if (names := [cell(step.target.name) for step in plan.steps if step.action == action])
    )
    left_out = f" Left out: {', '.join(map(cell, plan.left_out))}." if plan.left_out else ""
    return f"Merging this: {'; '.join(parts)}.{left_out}"


def nothing_to_do(left_out: Sequence[str]) -> str:
    """Why a plan has nothing to do; `left_out` are the targets that differ and were not chosen."""
    if left_out:
        return f"Nothing to do: what differs was left out ({few_names(left_out)})."
    return "Nothing to do: no target differs from its baseline."


def _compared(step: Step) -> str:
    baseline = step.baseline
    if baseline.commit is None:
        return "compared with nothing"
    return f"compared with {baseline.commit[:12]} ({baseline.source})"


def _reasons(reasons: Iterable[Reason]) -> list[str]:
    shown = [f"{reason.path}  <- {reason.rule}" if reason.path else reason.rule for reason in reasons]
    return few(shown, MAX_REASONS_SHOWN)


def because_cell(reasons: Iterable[Reason]) -> str:
    """The reasons of a target as a cell of a table in Markdown."""
    return "<br>".join(cell(reason) for reason in _reasons(reasons)) or "nothing differs"


def cell(text: str) -> str:
    """A text for Markdown that cannot leave its cell of a table, nor its line, and names nobody (`@team`, `#7`)."""
    escaped = one_line(text).replace("\\", "\\\\").replace("&", "&amp;")
    for char in "|<>`*_[]~$":
        escaped = escaped.replace(char, f"\\{char}")
    return without_mentions(escaped, "&#8203;")


def without_mentions(text: str, gap: str) -> str:
    """A text that mentions no person, team or issue: a gap of no width stands behind an `@` or `#` that would.

    GitHub looks for them when Markdown is read already, so that no escape keeps it from that.
    """
    for sign in "@#":
        first, *rest = text.split(sign)
        parts = [first]
        for before, behind in zip((first, *rest), rest, strict=False):
            mentions = behind[:1].isdigit() if sign == "#" else behind[:1].isalnum() and not before[-1:].isalnum()
            parts.append(f"{sign}{gap if mentions else ''}{behind}")
        text = "".join(parts)
    return text


def _styled(text: str, style: str, colour: bool) -> str:  # noqa: FBT001 - passed on
    return f"{style}{one_line(text)}{PLAIN}" if colour else one_line(text)
