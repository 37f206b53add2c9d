"""Reactors of Maven that know their own edges: modules, what they take from each other, and whom a change reaches."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

VERSION, OTHER_VERSION = "1.4-SNAPSHOT", "0.9"


@dataclass(eq=False)
class Module:
    """A pom of a reactor, with what it writes.

    Attributes:
        folder: where it lies; the root is empty.
        group, artifact, packaging: its coordinates.
        version: as it is written; empty: that of its parent.
        parent: what it inherits from.
        parent_path: the text of `relativePath`; None: it has none, so that the folder above counts.
        file: of the pom.
        modules: the texts of its modules.
        properties: name -> value.
        profile_properties: those of a profile that is not active.
        uses: what it takes from other modules.
        managed: modules whose versions it manages, with the text of the version.
        spelling: how its pom is written (tests/support/reactor_poms.py).
    """

    folder: str
    group: str
    artifact: str
    packaging: str = "jar"
    version: str = ""
    parent: "Module | None" = None
    parent_path: str | None = None
    file: str = "pom.xml"
    modules: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    profile_properties: dict[str, str] = field(default_factory=dict)
    uses: "list[Use]" = field(default_factory=list)
    managed: "list[tuple[Module, str]]" = field(default_factory=list)
    spelling: str = "plain"

    @property
    def pom(self) -> str:
        """The path of its pom."""
        return posixpath.join(self.folder, self.file)

    @property
    def source(self) -> str:
        """The path of a file of it."""
        name = "README.md" if self.packaging == "pom" else "src/main/java/App.java"
        return posixpath.join(self.folder, name)


@dataclass(frozen=True)
class Use:
    """A module that another one names.

    Attributes:
        target: the module.
        kind: dependency, test dependency, test jar, pom, BOM, plugin, plugin dependency, processor.
        version: as it is written; empty: none is.
        counts: whether it is the module of the repository; False: an older version from elsewhere.
        is_doubtful: whether it counts only in a profile.
        in_profile: whether it is written in a profile.
    """

    target: Module
    kind: str = "dependency"
    version: str = ""
    counts: bool = True
    is_doubtful: bool = False
    in_profile: bool = False

    @property
    def takes_files(self) -> bool:
        """Whether the files of the target count, and not only its pom."""
        return self.kind != "BOM" and not (self.kind == "pom" and self.target.packaging == "pom")

    @property
    def maven_follows(self) -> bool:
        """Whether Maven 3 builds the target before its user: not for a BOM, or what a configuration names."""
        return self.counts and not self.is_doubtful and self.kind not in ("BOM", "processor")


@dataclass
class Reactor:
    """Some modules with the settings of Maven that belong to them; `roots` are the outermost poms."""

    modules: list[Module]
    roots: list[Module]
    settings: dict[str, str]

    def users(self, path: str, *, doubtful: bool = False, as_maven: bool = False) -> set[str]:
        """The folders of the modules that a change of a file reaches.

        Args:
            path: of a pom or of a source.
            doubtful: whether what counts only in a profile counts.
            as_maven: only what Maven 3 follows.
        """
        changed = next(one for one in self.modules if path in (one.pom, one.source))
        users: dict[int, list[tuple[Module, bool]]] = {}
        for user in self.modules:
            for target, is_whole in _takes(user, doubtful=doubtful, as_maven=as_maven):
                users.setdefault(id(target), []).append((user, is_whole))
        found = [user for user, is_whole in users.get(id(changed), ()) if is_whole or path == changed.pom]
        for module in found:
            found += (user for user, _ in users.get(id(module), ()) if user not in found)
        return {changed.folder, *(module.folder for module in found)}

    def root_of(self, module: Module) -> Module:
        """The outermost pom that reaches a module by its modules."""
        named = {
            posixpath.normpath(posixpath.join(one.folder, name)): one for one in self.modules for name in one.modules
        }
        while (above := named.get(module.folder) or named.get(module.pom)) is not None:
            module = above
        return module


def _takes(user: Module, *, doubtful: bool, as_maven: bool) -> Iterator[tuple[Module, bool]]:
    if user.parent:
        yield user.parent, False
    for use in user.uses:
        if use.counts and (doubtful or not use.is_doubtful) and (use.maven_follows or not as_maven):
            yield use.target, use.takes_files
