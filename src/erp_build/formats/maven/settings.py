"""What the `.mvn` of a folder tells Maven for everything below it."""

from collections.abc import Iterator

MAVEN_FOLDER, SETTINGS_FILE, EXTENSIONS_FILE = ".mvn", "maven.config", "extensions.xml"
LONG, SHORT = "--define", "-D"


def defined_by(content: bytes) -> dict[str, str]:
    """The properties that a `maven.config` sets by -D."""
    found = {}
    for definition in _definitions(content.decode("utf-8", "replace").split()):
        name, has_value, value = definition.strip("\"'").partition("=")
        # Maven gives a property without a value the value true.
        found[name] = value.strip("\"'") if has_value else "true"
    return found


def _definitions(words: list[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word in (SHORT, LONG):
            yield next(rest, "")
        elif word.startswith(SHORT):
            yield word.removeprefix(SHORT)
        elif word.startswith(f"{LONG}="):
            yield word.partition("=")[2]
