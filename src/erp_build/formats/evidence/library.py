"""Which library a jar is: by the properties that Maven leaves in it, else by its manifest and its file's name.

Gradle and Ant leave no properties, so that Spring's own jars say no group. It is not guessed: a scanner would look for
another library. Where Maven has fetched the jar, its path says it (`build/evidence/local_repository.py`).
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from erp_build.formats.spring_jar import POM_OF_A_LIBRARY, attributes_of
from erp_build.model.images.evidence import KnownBy, Library

PROPERTIES = "pom.properties"
ENDINGS = (".jar", ".war")
TITLES = ("Implementation-Title", "Bundle-Name")
VERSIONS = ("Implementation-Version", "Bundle-Version", "Specification-Version")
GROUPS = ("Implementation-Vendor-Id",)


def is_library(path: str) -> bool:
    """Whether an entry of a jar is another jar: below BOOT-INF/lib, WEB-INF/lib or anywhere else."""
    return path.endswith(ENDINGS) and not path.startswith("META-INF/")


def properties_within(names: Iterable[str]) -> tuple[str, ...]:
    """The entries that say which artifacts of Maven are in a jar, in the order of their names."""
    return tuple(
        sorted(name for name in names if name.startswith(POM_OF_A_LIBRARY) and name.endswith(f"/{PROPERTIES}"))
    )


def library_of(path: str, sha256: str, properties: Mapping[str, bytes], manifest: bytes) -> Library:
    """The library in a jar.

    Args:
        path: of the jar.
        sha256: of its bytes.
        properties: entry -> content, of each that `properties_within` has found.
        manifest: its content; empty where there is none.
    """
    said = [one for text in properties.values() if (one := _said(path, text))]
    own = next((one for one in said if _is_named_after(path, one)), said[0] if len(said) == 1 else None)
    inside = tuple(sorted(one for one in said if one is not own))
    if own:
        return own._replace(sha256=sha256, inside=inside)
    return _by_its_name(path, manifest)._replace(sha256=sha256, inside=inside)


def split_name(path: str) -> tuple[str, str]:
    """Name and version in the name of a jar: `a-b-1.0-2.jar` is `a-b` in `1.0-2`; the version may be empty."""
    name = PurePosixPath(path).name
    stem = next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)
    words = stem.split("-")
    first = next((place for place, word in enumerate(words) if place and word[:1].isdigit()), len(words))
    return "-".join(words[:first]), "-".join(words[first:])


def _said(path: str, text: bytes) -> Library | None:
    values = dict(_pairs(text.decode("utf-8", "replace")))
    group, name, version = (values.get(key, "") for key in ("groupId", "artifactId", "version"))
    # A template that nobody filled says nothing.
    if not (group and name and version) or any("${" in word for word in (group, name, version)):
        return None
    return Library(path, name, version, group, known_by="pom.properties")


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of a properties file, as Maven writes it: a pair a line, without continued ones."""
    for line in text.splitlines():
        key, separator, value = line.strip().partition("=")
        if separator and not key.startswith(("#", "!")):
            yield key.strip(), value.strip()


def _is_named_after(path: str, said: Library) -> bool:
    """Whether the file has the name that Maven gives to an artifact, which a classifier may follow."""
    stem = PurePosixPath(path).name
    return stem.startswith((f"{said.name}-{said.version}.", f"{said.name}-{said.version}-"))


def _by_its_name(path: str, manifest: bytes) -> Library:
    attributes = attributes_of(manifest)
    name, version = split_name(path)
    told = _first(attributes, VERSIONS)
    known: KnownBy = "file name and manifest" if told or _first(attributes, TITLES) else "file name"
    if not (version or told):
        known = "its bytes alone"
    return Library(path, name or path, version or told, _first(attributes, GROUPS), known_by=known)


def _first(attributes: Mapping[str, str], names: Iterable[str]) -> str:
    return next((value for name in names if (value := attributes.get(name, "").strip())), "")
