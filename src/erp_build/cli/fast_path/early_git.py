"""The one Git process of an offline plan, started before anything else is imported.

Git compares two trees in the time that Python needs to load argparse and the rest. So `plan` with full commits starts
the comparison from the bare command line; the repository picks it up when it is asked for the same comparison, and
asks Git itself in every other case. Imports only what the interpreter has loaded anyway.
"""

from collections.abc import Sequence

from erp_build.clients.git.command import is_repository
from erp_build.clients.git.early_diff import EarlyDiff
from erp_build.model.commit import is_full_commit


def start(arguments: Sequence[str]) -> EarlyDiff | None:
    """Start the comparison that a `plan` with these arguments needs, if they name two full commits."""
    base, head = _value(arguments, "--base"), _value(arguments, "--head")
    root = _value(arguments, "--repo") or "."
    if "--live" in arguments or not base or not is_full_commit(base) or (head and not is_full_commit(head)):
        return None
    if not is_repository(root):
        return None
    try:
        return EarlyDiff(root, base, head)
    except OSError:
        # No Git, no process to be had, or no HEAD to be read: the ordinary way says so in its own words.
        return None


def _value(arguments: Sequence[str], option: str) -> str | None:
    for place, word in enumerate(arguments):
        if word == option:
            return arguments[place + 1] if place + 1 < len(arguments) else None
        if word.startswith(option + "="):
            return word[len(option) + 1 :]
    return None
