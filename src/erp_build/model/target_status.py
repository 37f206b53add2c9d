"""The status of a target: since when it runs what it runs, and what has drifted."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetStatus:
    """The status of a target: since when it runs so, its tag in Git and in the release, and what has drifted.

    `since` is ISO 8601; tags are empty where there are none (functions) or where they cannot be read.
    """

    since: str = ""
    git_tag: str = ""
    release_tag: str = ""
    drift: tuple[str, ...] = ()
