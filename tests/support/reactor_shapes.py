"""Reactors from a seed, in the shapes that are found in real repositories."""

import posixpath
from random import Random

from tests.support.reactor_poms import SPELLINGS
from tests.support.reactors import OTHER_VERSION, VERSION, Module, Reactor, Use

LAYOUTS = ("nested", "flat", "parent in a folder", "parent above")
"""Where the parent of a root lies: it is the root, beside the folder of the root, below it, or in the folder above."""

VERSIONS = ("plain", "revision", "settings")
"""How the version of a root is written: as it is, as `${revision}` of a property, or of `.mvn/maven.config`."""

DOMAINS, LAYERS = 3, 3
SHARE_OF_LAYER = 0.2
KINDS = (
    *["dependency"] * 12,
    *["test dependency"] * 3,
    "test jar",
    "plugin",
    "plugin dependency",
    "processor",
    "in a profile",
    "older",
    "older by a property",
    "older by management",
    "by a profile's property",
)
WAYS = ("plain", "project", "property", "own property", "managed", "imported", "range")
"""How the version of a used module is written."""


class GeneratedReactor(Reactor):
    """A repository with one to three roots and some modules, the same for the same seed.

    Args:
        seed: of everything that is chosen.
        size: about how many modules it has.
    """

    def __init__(self, seed: int, size: int = 200) -> None:
        self.random = Random(seed)  # noqa: S311 - no cryptography
        count = self.random.choice([1, 1, 2, 3])
        self._built: list[_Root] = []
        for place in range(count):
            base = f"r{place}" if count > 1 else ""
            self._built.append(_Root(self.random, base, f"com.r{place}", size // count, list(self._built)))
        super().__init__(
            modules=[module for root in self._built for module in root.modules],
            roots=[root.root for root in self._built],
            settings={path: text for root in self._built for path, text in root.settings.items()},
        )

    def edit(self) -> str:
        """Change something: a source, a pom of any kind, or what a module takes; the path that changed."""
        root = self.random.choice(self._built)
        module = self.random.choice(root.modules)
        kind = self.random.choice(["source", "pom", "parent", "BOM", "use"])
        if kind == "use" and module.packaging == "jar" and module not in root.tools:
            used = [use.target for use in module.uses]
            before = root.modules[: root.modules.index(module)]
            free = [target for target in root.libraries if target in before and target not in used]
            if free:
                add_use(root, module, self.random.choice(free))
        if kind == "source":
            return module.source
        return {"parent": module.parent or root.parent, "BOM": root.bom}.get(kind, module).pom


class _Root:
    """One root of a repository, built layer by layer: a module uses only what was built before it."""

    def __init__(self, random: Random, base: str, group: str, size: int, others: list["_Root"]) -> None:
        self.random, self.base, self.group, self.others = random, base, group, others
        self.modules: list[Module] = []
        self.settings: dict[str, str] = {}
        self.libraries: list[Module] = []
        layout, self.versions = random.choice(LAYOUTS), random.choice(VERSIONS)
        if layout == "parent above" and not base:
            layout = "flat"
        self._make_parent(layout)
        self.bom = self._module("bom", "pom", self.parent)
        self.domains = [self._module(f"domain{place}", "pom", self.parent) for place in range(DOMAINS)]
        self.tools = [
            self._module("build-tools", "jar", self.parent),
            self._module("own-plugin", "maven-plugin", self.parent),
        ]
        for layer in range(LAYERS):
            below = list(self.libraries)
            self.libraries += [self._library(layer, place, below) for place in range(int(size * SHARE_OF_LAYER))]
            self._manage(self.libraries[len(below) :])
        self._make_platform()
        while len(self.modules) < size:
            self._service(len(self.modules))

    def _make_parent(self, layout: str) -> None:
        version = "${revision}" if self.versions != "plain" else VERSION
        places = {"nested": "", "flat": "parent", "parent in a folder": "build/parent", "parent above": "../r-parent"}
        folder = posixpath.normpath(posixpath.join(self.base, places[layout])).removeprefix(".")
        if layout == "parent above":
            folder = f"parents-of-{self.base}"
        self.parent = Module(folder, self.group, "root-parent", "pom", version=version)
        self.root = self.parent
        if layout != "nested":
            where = posixpath.join(self.base, "all") if layout == "flat" else self.base
            self.root = Module(where, self.group, "all", "pom", version="1")
            self.modules.append(self.root)
            self._name(self.root, self.parent)
        self.modules.append(self.parent)
        if self.versions == "revision":
            self.parent.properties["revision"] = VERSION
        if self.versions == "settings":
            self.settings[posixpath.join(self.base, ".mvn", "maven.config")] = f"-Drevision={VERSION}\n"

    def _module(self, artifact: str, packaging: str, parent: Module, folder: str = "", file: str = "pom.xml") -> Module:
        """Add a module and name it in an aggregator."""
        above = self.root if parent is self.parent else parent
        folder = folder or posixpath.join(parent.folder if above is parent else self.base, artifact)
        spelling = self.random.choice(tuple(SPELLINGS))
        module = Module(folder, self.group, artifact, packaging, parent=parent, file=file, spelling=spelling)
        module.parent_path = self._parent_path(module, parent)
        self.modules.append(module)
        self._name(above, module)
        return module

    def _parent_path(self, module: Module, parent: Module) -> str | None:
        path = posixpath.relpath(parent.folder or ".", module.folder)
        if path == "..":
            return self.random.choice([None, "..", "../", "../pom.xml"])
        return self.random.choice([path, f"{path}/pom.xml"])

    def _name(self, above: Module, module: Module) -> None:
        path = posixpath.relpath(module.folder or ".", above.folder or ".")
        above.modules.append(path if module.file == "pom.xml" else f"{path}/{module.file}")

    def _library(self, layer: int, place: int, below: list[Module]) -> Module:
        artifact = f"lib{layer}-{place}"
        parent = self.random.choice([self.parent, *self.domains])
        file = "pom-lib.xml" if self.random.random() < 0.05 else "pom.xml"
        # Some lie in the folder of another module, which does not take their files.
        inside = self.random.choice(below) if below and self.random.random() < 0.1 else None
        folder = posixpath.join(inside.folder, artifact) if inside else ""
        module = self._module(artifact, "jar", parent, folder, file)
        self._use_some(module, below, self.random.randint(0, 2) if below else 0)
        return module

    def _manage(self, libraries: list[Module]) -> None:
        for module in libraries:
            manager = self.random.choice([self.parent, self.bom, None])
            if manager:
                manager.managed.append((module, "${project.version}"))

    def _make_platform(self) -> None:
        """A parent with dependencies that its children inherit, and a pom that is itself a dependency."""
        self.starter = self._module("starter", "pom", self.parent)
        self._use_some(self.starter, self.libraries, 2)
        self.services = self._module("services-parent", "pom", self.parent)
        inherited = self.random.choice(self.libraries)
        self.services.properties["inherited.version"] = VERSION
        self.services.uses.append(Use(inherited, version="${inherited.version}"))
        self.services.uses.append(Use(self.tools[0], "plugin dependency", VERSION))

    def _service(self, place: int) -> None:
        parent = self.random.choice([self.parent, self.services, self.services, *self.domains])
        module = self._module(f"service{place}", "jar", parent)
        self._use_some(module, self.libraries, self.random.randint(0, 3))
        if self.random.random() < 0.1:
            module.uses.append(Use(self.starter, "pom", VERSION))

    def _use_some(self, module: Module, libraries: list[Module], count: int) -> None:
        chosen = self.random.sample(libraries, min(count, len(libraries)))
        for target in chosen:
            add_use(self, module, target)
        if self.others and self.random.random() < 0.1:
            module.uses.append(Use(self.random.choice(self.random.choice(self.others).libraries), version=VERSION))


def add_use(root: _Root, module: Module, target: Module) -> None:
    """Let a module take another one of its root, in some way."""
    kind = root.random.choice(KINDS)
    name = f"{target.artifact}.version"
    if kind == "in a profile":
        module.uses.append(Use(target, version=VERSION, is_doubtful=True, in_profile=True))
    elif kind == "older":
        module.uses.append(Use(target, version=OTHER_VERSION, counts=False))
    elif kind == "older by a property":
        module.properties[name] = OTHER_VERSION
        module.uses.append(Use(target, version=f"${{{name}}}", counts=False))
    elif kind == "older by management":
        module.managed.append((target, OTHER_VERSION))
        module.uses.append(Use(target, counts=False))
    elif kind == "by a profile's property":
        module.properties[name], module.profile_properties[name] = OTHER_VERSION, VERSION
        module.uses.append(Use(target, version=f"${{{name}}}", is_doubtful=True))
    elif kind in ("plugin", "plugin dependency", "processor"):
        tool = root.tools[1] if kind == "plugin" else root.tools[0]
        module.uses.append(Use(tool, kind, root.random.choice([VERSION, "${project.version}"])))
    else:
        _depend(root, module, target, kind)


def _depend(root: _Root, module: Module, target: Module, kind: str) -> None:
    way = root.random.choice(WAYS)
    name = f"{target.artifact}.version"
    version = {"project": "${project.version}", "property": f"${{{name}}}", "own property": f"${{{name}}}"}.get(
        way, VERSION
    )
    managers = [manager for manager in (root.parent, root.bom) if any(target is one for one, _ in manager.managed)]
    if way == "range":
        version = "[1,2)"
    elif way == "property":
        root.parent.properties[name] = VERSION
    elif way == "own property":
        module.properties[name] = "${project.version}"
    elif way in ("managed", "imported") and managers and kind != "test jar":
        version = ""
        if root.bom in managers and not any(use.target is root.bom for use in module.uses):
            module.uses.append(Use(root.bom, "BOM", VERSION))
    module.uses.append(Use(target, kind, version))
