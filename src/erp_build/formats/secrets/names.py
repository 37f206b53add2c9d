"""Tells which settings hold a secret, by their names and by the looks of their values.

A mask may be generous: a harmless value that is hidden costs little. A refusal needs certainty: the name must say that
its value is the secret itself, and the value must be one that can be a secret.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from erp_build.formats.secrets.looks import CREDENTIAL, LOOKS, WORD_OF_ADDRESS, address_spans

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MASKED_NAME = r"(?i)pass|pwd|secret|token|credential|private|api_?key|access_?key"
"""Found in a name whose value may be a secret."""

# The last noun of a name says what its value is: DB_PASS is a password, PASSWORD_ENCODER an encoder, TOKEN_TIME a time.
REFUSED_NAME = (
    r"(?i)(?:passw(?:or)?ds?|pass_?phrase|pass_?code|(?<!com)(?<!by)pass|pwd|(?<!existing_)(?<!pull_)secret|token"
    r"|credentials?|(?:private|api|access|secret)_?key)"
    r"(?:_?\d++|_(?:dev|development|test|stage|staging|prod|production|local|default|root|admin|master|old|new|value"
    r"|plain)(?![a-z]))*+$"
)
"""Matches a name (words joined by `_`) whose value is a secret; an environment may follow, as in PASSWORD_DEV.

Possessive (`++`), because a number can be read as several in very many ways.
"""

PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----"

REFERENCE_VALUE = r"^(\$|arn:|ENC\(|\{cipher\}|<[^>]*+>$|@[\w.]++@$)|\{\{|\$[{(]"
"""Matches a value that only refers to a secret, or has it encrypted: a variable, a template, an ARN, a placeholder."""

PATH_OR_ADDRESS = r"^(?:\w++://\S*+|(?:file|classpath\*?+):\S*+|\.{0,2}(?:/[\w.-]++)++/?)$"
FILE_NAME = r"(?i)\.(?:pem|key|crt|cer|der|p12|pfx|jks|txt|ya?ml|env)$"
"""Matches the name of a file in which a secret may stand."""

NUMBER = r"(?i)^[0-9]{1,5}+(?:\.[0-9]{1,5}+)?+(?:ms|[smhd]|[kmg]i?b?)?+$"
"""Matches a number, a time or a size: an age, a port, a length. Six digits and more may be a secret."""

HARMLESS_VALUES = ("", "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null")

COMMON_VALUES = frozenset(
    (
        # settings
        *("default", "enabled", "disabled", "optional", "required", "unknown", "undefined", "localhost", "latest"),
        *("development", "production", "staging", "testing", "warning", "critical", "medium", "informational"),
        # what reports are made of: a program reads these words
        *("argument", "assumed", "blocked", "changed", "compile", "deployed", "external", "accepted", "failed"),
        *("inconclusive", "insufficient_data", "lambda", "nothing", "package", "passed", "performed", "redeploy"),
        *("partly", "rehearsed", "removed", "reused", "running", "unchanged", "upstream", "webhook", "utf16codeunits"),
        *("buildkit", "classic", "direct", "broken", "left out", "timed out", "stopped", "function", "release"),
        *("astray", "another worker", "the run", "nobody", "planned", "cleared", "going on", "object"),
    )
)
"""Values that are never masked, in lower case: a log without these words cannot be read, and no report either."""

MIN_MASKED_LENGTH = 6
"""Shorter values are not masked: `erp`, `dev`, `true` or `8080` would make the log unreadable."""


def is_maskable(value: str) -> bool:
    """Whether a value can be kept out of texts: it has at least six characters between blanks and is no common word."""
    text = value.strip()
    return len(text) >= MIN_MASKED_LENGTH and text.lower() not in COMMON_VALUES


def is_secret_name(name: str) -> bool:
    """Whether a setting may be a secret by its name. Used to mask texts, so in doubt it is one.

    `secretName` tells only which Secret is meant.
    """
    import re  # imported here: a plan loads this module but never needs it

    return re.search(MASKED_NAME, name) is not None and not name.lower().endswith("name")


def holds_secret(name: str, value: str) -> bool:
    """Whether a setting certainly holds a secret in plain text, by the looks of its value or by its name.

    Used to refuse a build. Settings inside of a JSON value are checked one by one.
    """
    import re

    if re.search(PRIVATE_KEY, value) or any(map(_is_plain, _by_looks(value))):
        return True
    if value.lstrip().startswith("{") and any(holds_secret(*setting) for setting in settings_of_json(value)):
        return True
    words = re.sub(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])", "_", name)
    is_secret_itself = re.search(REFUSED_NAME, words) is not None
    harmless = (PATH_OR_ADDRESS, FILE_NAME, NUMBER)
    return is_secret_itself and _is_plain(value) and not any(re.search(pattern, value) for pattern in harmless)


def _is_plain(value: str) -> bool:
    import re

    return value.lower() not in HARMLESS_VALUES and not re.search(REFERENCE_VALUE, value)


def _by_looks(value: str) -> Iterator[str]:
    """The parts of a value that look like secrets; of a user and a password, the password."""
    import re

    for pattern in LOOKS.values():
        yield from (found[0] for found in re.finditer(pattern, value))
    yield from (found["token"] for found in re.finditer(CREDENTIAL, value))
    yield from passwords_of_addresses(value)


def passwords_of_addresses(value: str) -> Iterator[str]:
    """The password of each address such as `mongodb://user:password@host`."""
    if WORD_OF_ADDRESS in value:
        yield from (value[begin:end].partition(":")[2] for begin, end in address_spans(value))


def settings_of_json(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of each text in a JSON document, at any depth; nothing where it is none."""
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
