"""The secrets that a Dockerfile mounts: `RUN --mount=type=secret,id=NAME`."""

from collections.abc import Iterator
from typing import NamedTuple

from erp_build.formats.dockerfile.parse import instructions


class SecretMount(NamedTuple):
    """A secret that an instruction mounts: its line, its id, and whether the build ends without it."""

    line: int
    name: str
    is_required: bool


def secret_mounts(text: str) -> tuple[SecretMount, ...]:
    """Every mount of a secret with an id that is written out."""
    found = []
    for one in instructions(text):
        for options in one.flag_values("mount"):
            values = dict(_options(options))
            name = values.get("id") or values.get("target", "").rpartition("/")[2]
            if values.get("type") == "secret" and name and "$" not in name:
                found.append(SecretMount(one.line, name, values.get("required", "false") in ("", "true", "1")))
    return tuple(found)


def _options(text: str) -> Iterator[tuple[str, str]]:
    """The options of a mount, as its own parser reads them: `required` alone is true."""
    for part in text.split(","):
        key, _, value = part.partition("=")
        yield key.strip().lower(), value.strip().strip("\"'")
