"""Writes the poms of a generated reactor, in the spellings that are found in real ones."""

from collections.abc import Callable, Iterable

from tests.support.reactors import Module, Reactor, Use

NAMESPACE = ' xmlns="http://maven.apache.org/POM/4.0.0"'
TYPES = {"test jar": "test-jar", "pom": "pom"}
DEPENDENCIES = ("dependency", "test dependency", *TYPES)


def files_of(reactor: Reactor) -> dict[str, bytes]:
    """Every file of a reactor: its poms, a source of each module, and the settings of Maven."""
    found = {one.source: f"// {one.artifact}\n".encode() for one in reactor.modules}
    found |= {one.pom: pom_text(one) for one in reactor.modules}
    return found | {path: text.encode() for path, text in reactor.settings.items()}


def pom_text(module: Module) -> bytes:
    """The content of a module's pom."""
    return SPELLINGS[module.spelling](_plain_text(module))


def _around(before: str, after: str) -> Callable[[str], bytes]:
    """A spelling with texts around each artifactId."""
    start, end = "<artifactId>", "</artifactId>"
    return lambda text: text.replace(start, start + before).replace(end, after + end).encode()


def _named(name: str, encoding: str, declaration: str = "") -> Callable[[str], bytes]:
    """A spelling with a name, in an encoding."""
    end = "</modelVersion>"
    return lambda text: (declaration + text.replace(end, f"{end}<name>{name}</name>")).encode(encoding)


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "no namespace": lambda text: text.replace(NAMESPACE, "").encode(),
    "byte order mark": lambda text: text.encode("utf-8-sig"),
    "Windows lines": lambda text: text.replace("\n", "\r\n").encode(),
    "CDATA": _around("<![CDATA[", "]]>"),
    "comments": _around("<!-- <groupId>no</groupId> -->", "<!-- ${no} -->"),
    "blanks": _around("\n\t", "\n  "),
    "Latin letters": _named("Caf\u00e9", "latin-1", "<?xml version='1.0' encoding='ISO-8859-1'?>\n"),
    "letters by name": _named("Caf&eacute;", "ascii"),
    "Korean": _named("주문", "utf-8", '<?xml version="1.0" encoding="UTF-8"?>\n'),
    "EUC-KR": _named("주문", "euc-kr", '<?xml version="1.0" encoding="EUC-KR"?>\n'),
    "UTF-16": _named("주문", "utf-16", '<?xml version="1.0" encoding="UTF-16"?>\n'),
}
"""Name of a spelling -> what it makes of the text of a pom. Maven reads all of them."""


def _plain_text(module: Module) -> str:
    parts = [
        "<modelVersion>4.0.0</modelVersion>",
        _parent(module),
        _element("groupId", module.group if not module.parent or module.parent.group != module.group else ""),
        _element("artifactId", module.artifact),
        _element("version", module.version),
        _element("packaging", "" if module.packaging == "jar" else module.packaging),
        _all("modules", (_element("module", name) for name in module.modules)),
        _properties(module.properties),
        _all("dependencyManagement", [_all("dependencies", _managed(module))]),
        *_taken([use for use in module.uses if not use.in_profile]),
        _profile(module),
    ]
    return f"<project{NAMESPACE}>\n" + "\n".join(filter(None, parts)) + "\n</project>\n"


def _parent(module: Module) -> str:
    parent = module.parent
    if parent is None:
        return ""
    above = parent
    while not above.version and above.parent:
        above = above.parent
    parts = _coordinates(parent, above.version)
    if module.parent_path is not None:
        parts += f"<relativePath>{module.parent_path}</relativePath>"
    return _element("parent", parts)


def _managed(module: Module) -> Iterable[str]:
    for target, version in module.managed:
        yield _element("dependency", _coordinates(target, version))
    for use in module.uses:
        if use.kind == "BOM":
            yield _element("dependency", _of(use) + "<type>pom</type><scope>import</scope>")


def _taken(uses: list[Use]) -> Iterable[str]:
    """The elements for what a module, or a profile of it, takes."""
    yield _all("dependencies", map(_dependency, (use for use in uses if use.kind in DEPENDENCIES)))
    plugins = [_element("plugin", _coordinates(use.target, use.version)) for use in uses if use.kind == "plugin"]
    checks = [_element("dependency", _of(use)) for use in uses if use.kind == "plugin dependency"]
    if checks:
        antrun = _element("artifactId", "maven-antrun-plugin") + _element("version", "3.1.0")
        plugins.append(_element("plugin", antrun + _all("dependencies", checks)))
    processors = [_element("path", _of(use)) for use in uses if use.kind == "processor"]
    if processors:
        paths = _all("configuration", [_all("annotationProcessorPaths", processors)])
        plugins.append(
            _element("plugin", _element("artifactId", "maven-compiler-plugin") + _element("version", "3.13.0") + paths)
        )
    yield _all("build", [_all("plugins", plugins)])


def _dependency(use: Use) -> str:
    scope = "test" if use.kind in ("test dependency", "test jar") else ""
    return _element("dependency", _of(use) + _element("type", TYPES.get(use.kind, "")) + _element("scope", scope))


def _of(use: Use) -> str:
    return _coordinates(use.target, use.version)


def _profile(module: Module) -> str:
    uses = [use for use in module.uses if use.in_profile]
    inside = "".join(filter(None, [_properties(module.profile_properties), *_taken(uses)]))
    return f"<profiles><profile><id>more</id>{inside}</profile></profiles>" if inside else ""


def _properties(values: dict[str, str]) -> str:
    return _all("properties", (_element(name, value) for name, value in values.items()))


def _coordinates(module: Module, version: str) -> str:
    return _element("groupId", module.group) + _element("artifactId", module.artifact) + _element("version", version)


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>" if content else ""


def _all(name: str, elements: Iterable[str]) -> str:
    inside = "\n".join(filter(None, elements))
    return f"<{name}>\n{inside}\n</{name}>" if inside else ""
