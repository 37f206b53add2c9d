"""Tells which settings hold a secret, by their names and by the looks of their values.

A mask may be generous: a harmless value that is hidden costs little. A refusal needs certainty: the name must say that
its value is the secret itself, and the value must be one that can be a secret.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MASKED_NAME = r"(?i)(pass|pwd|secret|token|credential|private|api_?key|access_?key)(?!.*name$)"
"""Matches a name whose value may be a secret. Not `secretName`, which tells only which Secret is missing."""

# The last noun of a name says what its value is: DB_PASS is a password, PASSWORD_ENCODER an encoder, TOKEN_TIME a time.
REFUSED_NAME = (
    r"(?i)(passw(or)?ds?|pass_?phrase|pass_?code|(?<!com)(?<!by)pass|pwd|(?<!existing_)(?<!pull_)secret|token"
    r"|credentials?|(private|api|access|secret)_?key)"
    r"(_?\d+|_(dev|development|test|stage|staging|prod|production|local|default|root|admin|master|old|new|value|plain))*$"
)
"""Matches a name (words joined by `_`) whose value is a secret; an environment may follow, as in PASSWORD_DEV."""

LOOKS = {
    # A password may hold `/` and `@`, so the last `@` counts; a digest behind a host with a port is no password.
    "://": r"(?<=://)[^/\s:@\"']*:[^\s\"'<>]+(?=@(?!sha256:))",
    "password=": r"(?i)(?<=password=)[^\s&;,'\"]+",
    "k8s-aws-v1.": r"k8s-aws-v1\.[\w-]+",
    "x-amz-signature=": r"(?i)(?<=X-Amz-Signature=)[0-9a-f]+",
    "akia": r"\bAKIA[0-9A-Z]{16}\b",
}
"""Secrets by their looks: user and password in a URI, tokens of a cluster, signatures, access keys.

The key is a lower-case word of every text with such a secret: a text without it needs no search.
"""

PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----"

REFERENCE_VALUE = r"^(\$|arn:)|\{\{|\$[{(]"
"""Matches a value that only refers to a secret: a variable, a template, an ARN."""

PATH_OR_ADDRESS = r"^(\w+://\S*|(\.{0,2}/[\w.-]+)+/?)$"
HARMLESS_VALUES = ("", "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null")


def is_secret_name(name: str) -> bool:
    """Whether a setting may be a secret by its name. Used to mask texts, so in doubt it is one."""
    import re  # imported here: a plan loads this module but never needs it

    return re.search(MASKED_NAME, name) is not None


def holds_secret(name: str, value: str) -> bool:
    """Whether a setting certainly holds a secret in plain text, by the looks of its value or by its name.

    Used to refuse a build. Settings inside of a JSON value are checked one by one.
    """
    import re

    if re.search(PRIVATE_KEY, value) or any(map(_is_plain, _by_looks(value))):
        return True
    if value.lstrip().startswith("{") and any(holds_secret(*setting) for setting in _settings_of_json(value)):
        return True
    words = re.sub(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])", "_", name)
    is_secret_itself = re.search(REFUSED_NAME, words) is not None
    return is_secret_itself and _is_plain(value) and not re.search(PATH_OR_ADDRESS, value)


def _is_plain(value: str) -> bool:
    import re

    return value.lower() not in HARMLESS_VALUES and not re.search(REFERENCE_VALUE, value)


def _by_looks(value: str) -> Iterator[str]:
    """The parts of a value that look like secrets; of a user and a password, the password."""
    import re

    for word, pattern in LOOKS.items():
        for found in re.finditer(pattern, value):
            yield found[0].partition(":")[2] if word == "://" else found[0]


def _settings_of_json(text: str) -> Iterator[tuple[str, str]]:
    from erp_build.formats.json_text import parsed_json

    # What is nested more deeply than Python can walk holds no settings.
    with suppress(ValueError, RecursionError):
        yield from _leaves("", parsed_json(text))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(name, inner)
    elif isinstance(value, str):
        yield name, value
