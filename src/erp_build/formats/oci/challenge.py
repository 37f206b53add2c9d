"""What a registry wants to be signed in with (`WWW-Authenticate`), and what a token is asked for as."""

import re
from typing import NamedTuple
from urllib.request import parse_http_list, parse_keqv_list

SCHEME = re.compile(r"(?:^|,)[ \t]*+(basic|bearer)[ \t]++", re.IGNORECASE)
LONGEST_CHALLENGE = 8192
REPOSITORY = "repository"
"""The kind of a scope that is about one."""


class Challenge(NamedTuple):
    """What a registry asks for.

    Attributes:
        kind: `basic`: name and password with every call; `bearer`: a token that another server gives.
        realm: the address of that server.
        scope: what the token is good for, in the registry's own words.
    """

    kind: str
    realm: str = ""
    service: str = ""
    scope: str = ""


class Scope(NamedTuple):
    """What some calls do: read a repository or write it too, and perhaps read another one, which a mount takes from."""

    repository: str
    writes: bool = False
    mounts_from: str = ""

    def asked_as(self, in_their_words: str) -> list[str]:
        """The scopes of a token. A registry may have another name for the repository than its address says, or none."""
        theirs = [one.partition(":") for one in in_their_words.split()]
        names = [rest.rpartition(":")[0] for kind, _, rest in theirs if kind == REPOSITORY]
        scopes = [f"{REPOSITORY}:{next(filter(None, names), self.repository)}:{'pull,push' if self.writes else 'pull'}"]
        if self.mounts_from:
            scopes.append(f"{REPOSITORY}:{self.mounts_from}:pull")
        return scopes + ["".join(one) for one in theirs if one[0] != REPOSITORY]


def challenge_of(header: str) -> Challenge | None:
    """Read the header; a token is chosen where both are offered. None for what is neither."""
    header = header[:LONGEST_CHALLENGE]
    starts = list(SCHEME.finditer(header))
    found = {}
    for number, one in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(header)
        found[one[1].lower()] = _parameters(header[one.end() : end])
    if realm := found.get("bearer", {}).get("realm"):
        named = found["bearer"]
        return Challenge("bearer", realm, named.get("service", ""), named.get("scope", ""))
    return Challenge("basic") if "basic" in found else None


def _parameters(text: str) -> dict[str, str]:
    pairs = [pair for pair in parse_http_list(text) if "=" in pair]
    return {name.lower(): value for name, value in parse_keqv_list(pairs).items()}
