"""The documents that `--json` prints."""

from typing import Final

SCHEMA: Final = 1
"""Of all of them: the number that each begins with."""
