"""The one Git process of an offline plan, started before anything else is imported.

Git compares two trees in the time that Python needs to load argparse and the rest. So `plan` with full commits starts
the comparison from the bare command line; the repository picks it up when it is asked for the same comparison, and
asks Git itself in every other case. Imports only what the interpreter has loaded anyway.
"""

import os
from collections.abc import Sequence

from erp_build.clients.git.command import belongs_to_caller, is_partial, is_repository
from erp_build.clients.git.early_diff import EarlyDiff

LONGEST = 1000
"""Characters of a revision that is asked for early; two of them fit into a pipe."""


def start(arguments: Sequence[str]) -> EarlyDiff | None:
    """Start the comparison that a `plan` with these arguments needs, if they name a base."""
    base, head = _value(arguments, "--base"), _value(arguments, "--head") or "HEAD"
    root = _value(arguments, "--repo") or "."
    if "--live" in arguments or not base or not (_is_plain(base) and _is_plain(head)):
        return None
    # What belongs to somebody else is read in another way, without its settings; a partial clone may have to sign in.
    if not is_repository(root) or not belongs_to_caller(os.path.realpath(root)) or is_partial(root):
        return None
    try:
        return EarlyDiff(root, base, head)
    except OSError:
        # No Git, or no process to be had: the ordinary way says so in its own words.
        return None


def _is_plain(revision: str) -> bool:
    """Whether a revision fits into a line of a question, and is not an option that stands where a value should."""
    return revision.isprintable() and len(revision) < LONGEST and not revision.startswith("-")


def _value(arguments: Sequence[str], option: str) -> str | None:
    for place, word in enumerate(arguments):
        if word == option:
            return arguments[place + 1] if place + 1 < len(arguments) else None
        if word.startswith(option + "="):
            return word[len(option) + 1 :]
    return None
