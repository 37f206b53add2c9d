"""Reads the text of a lifecycle policy of ECR.

After "Lifecycle policy properties in Amazon ECR", as of 2026. ECR checks a policy before it keeps it. So what is not
known here is newer than this, and makes its rule doubtful: nobody may say that such a rule removes nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from erp_build.formats.json_text import parsed_json
from erp_build.formats.printable import one_line
from erp_build.model.images.lifecycle import Count, LifecyclePolicy, LifecycleRule, TagStatus

SELECTORS = frozenset(
    {"tagStatus", "tagPatternList", "tagPrefixList", "storageClass", "countType", "countUnit", "countNumber"}
)
"""What a selection may hold."""

ACTIONS = {"expire": False, "transition": True}
"""Action -> whether it archives. Archived images cannot be pulled: a request fails with 404."""

STANDARD, ARCHIVE = "standard", "archive"
"""Storage classes. A rule of the archive deletes what was archived before; what can be pulled is none of its images."""


def read_policy(text: str) -> LifecyclePolicy:
    """The policy of a text, its rules in the order of their priority; raises nothing."""
    try:
        rules = [_rule(one) for one in parsed_json(text)["rules"] if _storage(one) != ARCHIVE]
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        return LifecyclePolicy(doubt=one_line(f"its text cannot be read: {type(error).__name__}: {error}"))
    return LifecyclePolicy(tuple(sorted(rules, key=lambda one: one.priority)))


def _storage(item: Mapping[str, Any]) -> str:
    return str(item["selection"].get("storageClass", STANDARD))


def _rule(item: Mapping[str, Any]) -> LifecycleRule:
    selection, action = item["selection"], item.get("action", {})
    status: TagStatus = selection["tagStatus"] if selection.get("tagStatus") in get_args(TagStatus) else "any"
    count: Count = selection["countType"] if selection.get("countType") in get_args(Count) else ""
    prefixes = (f"{prefix}*" for prefix in selection.get("tagPrefixList", ()))
    return LifecycleRule(
        priority=int(item["rulePriority"]),
        tag_status=status,
        patterns=tuple(map(str, (*selection.get("tagPatternList", ()), *prefixes))),
        counts=count,
        number=int(selection.get("countNumber", 0)),
        archives=ACTIONS.get(action.get("type", ""), False),
        doubt=one_line("; ".join(_doubts(selection, action))),
    )


def _doubts(selection: Mapping[str, Any], action: Mapping[str, Any]) -> Iterator[str]:
    """What of a rule is not known here."""
    if selection.get("tagStatus") not in get_args(TagStatus):
        yield f"tagStatus {selection.get('tagStatus')}"
    if not selection.get("countType") or selection["countType"] not in get_args(Count):
        yield f"countType {selection.get('countType')}"
    if selection.get("countUnit", "days") != "days":
        yield f"countUnit {selection['countUnit']}"
    if selection.get("storageClass", STANDARD) != STANDARD:
        yield f"storageClass {selection['storageClass']}"
    if action.get("type", "") not in ACTIONS:
        yield f"action {action.get('type', '')}"
    if action.get("targetStorageClass", ARCHIVE) != ARCHIVE:
        yield f"targetStorageClass {action['targetStorageClass']}"
    yield from sorted(map(str, set(selection) - SELECTORS))
