"""Policies and images of a repository for tests, by their age in days."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from erp_build.formats.lifecycle.policy import read_policy
from erp_build.model.images.lifecycle import Lifecycle, LifecycleRule, ListedImage

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def policy_text(*rules: Mapping[str, Any]) -> str:
    """The text of a policy, as ECR keeps it."""
    return json.dumps({"rules": list(rules)})


def keeps(number: int, priority: int = 1, *prefixes: str, **selection: Any) -> dict[str, Any]:
    """A rule that keeps a number of images: of all, or of those with a tag for each prefix."""
    tagged = {"tagStatus": "tagged", "tagPrefixList": list(prefixes)} if prefixes else {"tagStatus": "any"}
    counted = {"countType": "imageCountMoreThan", "countNumber": number}
    return {
        "rulePriority": priority,
        "selection": {**tagged, **counted, **selection},
        "action": {"type": "expire"},
    }


def expires_after(days: int, priority: int = 1, tag_status: str = "any") -> dict[str, Any]:
    """A rule that keeps images for some days after their push."""
    counted = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return {
        "rulePriority": priority,
        "selection": {"tagStatus": tag_status, **counted},
        "action": {"type": "expire"},
    }


def rules_of(*rules: Mapping[str, Any]) -> tuple[LifecycleRule, ...]:
    """The rules of a policy, as they are read."""
    return read_policy(policy_text(*rules)).rules


def image(name: str, age: float, *tags: str, **more: Any) -> ListedImage:
    """An image that was pushed so many days ago."""
    return ListedImage(name, tags, NOW - timedelta(days=age), **more)


def lifecycle(rules: Sequence[Mapping[str, Any]], *images: ListedImage) -> Lifecycle:
    """A repository with a policy."""
    return Lifecycle(read_policy(policy_text(*rules)), images)
