"""What a jar is, by the names of its entries and its manifest: Spring Boot's, with its libraries, or without them.

Source: Spring Boot reference, "The Executable Jar Format". `Main-Class` alone says little: the parent of Spring Boot's
starters writes it into every jar that Maven makes.
"""

from collections.abc import Iterable, Mapping
from email.parser import HeaderParser
from typing import NamedTuple

MANIFEST = "META-INF/MANIFEST.MF"
LOADER = "org.springframework.boot.loader."
"""The package of the launchers (`JarLauncher`, `launch.JarLauncher`, `wrapper.ThinJarWrapper`), with its dot."""

BOOT_FOLDER = "BOOT-INF/"
BOOT_ATTRIBUTES = ("Spring-Boot-Version", "Start-Class")
LAYERS_INDEX = "BOOT-INF/layers.idx"
CLASS_OF_A_LIBRARY = "org/springframework/boot/SpringApplication.class"
"""In a jar that has it unpacked, a shade or assembly plugin has put the libraries."""

POM_OF_A_LIBRARY = "META-INF/maven/"
"""Below it each artifact that Maven made has `group/artifact/pom.properties`: more than one are several artifacts."""

SIDE_JARS = ("-sources.jar", "-javadoc.jar", "-tests.jar", "-test-sources.jar")
"""What Maven makes besides; its manifest may be that of the jar itself."""


class JarMarks(NamedTuple):
    """What tells one jar from another.

    Attributes:
        main: the class that `java -jar` starts; empty: it cannot.
        is_boot: whether Spring Boot's plugin has repackaged it.
        is_whole: whether its libraries are in it, or named by it (`Class-Path`).
        has_layers: whether it has an index of its layers.
    """

    main: str
    is_boot: bool
    is_whole: bool
    has_layers: bool


def marks_of(names: Iterable[str], manifest: bytes) -> JarMarks:
    """Read the marks of a jar from the names of its entries and its manifest; odd bytes are read as far as possible."""
    attributes = {name.lower(): value for name, value in attributes_of(manifest).items()}
    main = attributes.get("main-class", "")
    poms, has_boot_folder, has_layers, is_shaded = 0, False, False, False
    for name in names:
        has_boot_folder = has_boot_folder or name.startswith(BOOT_FOLDER)
        has_layers = has_layers or name == LAYERS_INDEX
        is_shaded = is_shaded or name == CLASS_OF_A_LIBRARY
        poms += name.startswith(POM_OF_A_LIBRARY) and name.endswith("/pom.properties")
    has_attributes = any(name.lower() in attributes for name in BOOT_ATTRIBUTES)
    is_boot = main.startswith(LOADER) or (has_boot_folder and has_attributes)
    is_whole = is_boot or is_shaded or poms > 1 or "class-path" in attributes
    return JarMarks(main, is_boot, is_whole, is_boot and has_layers)


def attributes_of(manifest: bytes) -> dict[str, str]:
    """The main attributes of a manifest, continued lines joined. They have the form of a mail's headers."""
    # Joined as bytes: a line may be continued within a letter.
    joined = manifest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n ", b"")
    return {name: str(value) for name, value in HeaderParser().parsestr(joined.decode("utf-8", "replace")).items()}


def runnable(jars: Mapping[str, JarMarks]) -> tuple[str, ...]:
    """The names of the jars that `java -jar` is for, one where it is clear.

    Spring Boot's come before others with their libraries, and these before those without, whatever their classifiers.
    """
    able = {name: marks for name, marks in jars.items() if marks.main}
    usual = {name: marks for name, marks in able.items() if not name.endswith(SIDE_JARS)} or able
    best = max((_rank(marks) for marks in usual.values()), default=None)
    return tuple(name for name, marks in usual.items() if _rank(marks) == best)


def why_no_layers(marks: JarMarks) -> str:
    """Why the libraries of a jar cannot get a layer of their own; empty where they can."""
    if marks.has_layers:
        return ""
    if marks.is_boot:
        return f"Spring Boot's plugin has made it without {LAYERS_INDEX}"
    kind = "its libraries are unpacked in it or lie beside it" if marks.is_whole else "it holds no libraries"
    return f"it is no jar of Spring Boot's plugin (no {BOOT_FOLDER}): {kind}"


def _rank(marks: JarMarks) -> tuple[bool, bool]:
    return marks.is_boot, marks.is_whole
