"""What a Dockerfile takes out of its build context."""

from collections.abc import Iterator

from erp_build.formats.dockerfile.parse import instructions, resolved


def copied_sources(dockerfile: str) -> Iterator[tuple[int, str]]:
    """Return the sources that a Dockerfile copies or mounts from its context, with the line of the instruction.

    A variable with a default is replaced by it.
    """
    values: dict[str, str] = {}
    for instruction in instructions(dockerfile):
        if instruction.keyword == "ARG":
            values.update(word.partition("=")[::2] for word in instruction.words if "=" in word)
        for mount in instruction.flags if instruction.keyword == "RUN" else ():
            if (source := _bound(mount)) is not None:
                yield instruction.line, resolved(source, values).strip("/") or "."
        if instruction.keyword in ("COPY", "ADD") and instruction.flag("from") is None:
            for word in instruction.words[:-1]:
                if "://" not in word and not word.startswith("<<"):
                    yield instruction.line, (resolved(word, values) if "$" in word else word).strip("/") or "."


def _bound(flag: str) -> str | None:
    """The source of a flag `--mount=type=bind` of RUN; None for any other, and for one of another stage."""
    settings = dict(part.partition("=")[::2] for part in flag.removeprefix("--mount=").split(","))
    is_bound = flag.startswith("--mount=") and settings.get("type", "bind") == "bind" and "from" not in settings
    return settings.get("source", settings.get("src", ".")) if is_bound else None
