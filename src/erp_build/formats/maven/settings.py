"""What the `.mvn` of a folder tells Maven for everything below it."""

from collections.abc import Iterator

MAVEN_FOLDER, SETTINGS_FILE, EXTENSIONS_FILE = ".mvn", "maven.config", "extensions.xml"
READ_BY_MAVEN = (SETTINGS_FILE, EXTENSIONS_FILE)
POM_FILE = "pom.xml"
LONG, SHORT = "--define", "-D"


def is_maven_file(path: str) -> bool:
    """Whether the graph is read from a file of this name; a pom may have another one."""
    folder, _, name = path.rpartition("/")
    return name == POM_FILE or (name in READ_BY_MAVEN and f"/{folder}".endswith(f"/{MAVEN_FOLDER}"))


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
