"""Says which services were not built, and because of which module."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path

from erp_build.clients.maven.checkout import MavenCheckout, Project
from erp_build.clients.maven.output import MavenOutput
from erp_build.clients.maven.reactor import Member, Reactor
from erp_build.errors import BuildFailed
from erp_build.formats.maven.failure import Failure
from erp_build.formats.maven.pom import POM_FILE

MISSING_ARTIFACT = re.compile(
    r"(?:Could not (?:find|transfer) artifact|Failure to find|[Tt]he artifact|artifacts could not be resolved:) "
    r"([\w.-]{1,200}):([\w.-]{1,200}):([\w.:-]{1,200})"
)
KINDS_OF_A_POM = ("pom", "dependency", "other")
"""The failures that may lie in how Maven was called, if it has begun no module."""


@dataclass(frozen=True, eq=False)
class Blame:
    """Why services were not built; several services have the same one if one module kept all of them from it.

    Attributes:
        failure: what Maven said, or what is wrong with a jar that it made.
        folder: of the module that failed; None: nobody knows which one.
        log: Maven's whole output; None: it was not kept.
        is_before_the_build: whether Maven had begun no module yet.
    """

    failure: Failure | BuildFailed
    folder: Path | None = None
    log: Path | None = None
    is_before_the_build: bool = False

    @property
    def what(self) -> str:
        """What happened, in a few words."""
        return self.failure.what

    @property
    def passes(self) -> bool:
        """Whether only a transfer failed, which says nothing about the sources."""
        return isinstance(self.failure, Failure) and self.failure.is_worth_another_try

    @property
    def is_of_the_call(self) -> bool:
        """Whether Maven may do better with fewer poms: it could not even begin."""
        is_of_a_pom = isinstance(self.failure, Failure) and self.failure.kind in KINDS_OF_A_POM
        return self.is_before_the_build and is_of_a_pom and not self.passes


def blame(
    reactor: Reactor, output: MavenOutput, found: Iterable[Failure], checkout: MavenCheckout, log: Path | None
) -> dict[Member, Blame]:
    """Find for each service of a failed Maven that was not built the module that kept it from it.

    Args:
        reactor: what was to be built.
        output: what Maven has said.
        found: the failures in it, at least one.
        checkout: the poms.
        log: Maven's whole output.
    """
    names = {folder: project.artifact for folder in reactor.folders if (project := checkout.project_of(folder))}
    blames = [
        Blame(one, next((folder for folder, name in names.items() if name == one.module), None), log, not output.begun)
        for one in found
    ]
    blamed = {}
    for member in reactor.members:
        own = [one for one in blames if one.folder in member.needs.own]
        due = [*own, *(one for one in blames if one.folder in member.needs.needed)]
        if own or member not in output.complete:
            blamed[member] = (due or blames)[0]
    # A failure that nobody can place fails what Maven was asked for.
    return blamed or dict.fromkeys(reactor.members, blames[0])


def errors(blamed: Mapping[Member, Blame], checkout: MavenCheckout, root: Path) -> dict[str, BuildFailed]:
    """Return for each service that was not built its error; services that one module kept from it have the same."""
    told: dict[str, BuildFailed] = {}
    for one in dict.fromkeys(blamed.values()):
        members = [member for member, its in blamed.items() if its is one]
        error = (
            one.failure if isinstance(one.failure, BuildFailed) else _error(one, one.failure, members, checkout, root)
        )
        told.update({member.name: error for member in members})
    return told


def _error(one: Blame, failure: Failure, members: list[Member], checkout: MavenCheckout, root: Path) -> BuildFailed:
    itself = [member for member in members if one.folder is None or one.folder in member.needs.own]
    users = [member.name for member in members if member not in itself]
    where = [f"{member.name} ({member.needs.folder})" for member in itself]
    because: tuple[str, ...] = ()
    if users and one.folder:
        name = _label(one.folder, checkout)
        where = where or [f"{name} ({one.folder})"]
        because = (f"{name} failed, so {', '.join(users)} {'was' if len(users) == 1 else 'were'} not built",)
    kept = (f"the whole output is in {one.log}",) if one.log else ()
    return BuildFailed(
        failure.what,
        where=", ".join(where),
        why="\n".join((*because, failure.summary, *kept)),
        next_step=f"{_of_a_sibling(failure, checkout, root) or failure.next_step}{_by_hand(one, members, root)}",
    )


def _of_a_sibling(failure: Failure, checkout: MavenCheckout, root: Path) -> str:
    """What to do if Maven asked a repository for what is a module here; empty otherwise."""
    if failure.kind != "dependency":
        return ""
    for group, artifact, rest in MISSING_ARTIFACT.findall(failure.summary):
        folder = checkout.folder_of(Project(group, artifact))
        if folder is not None:
            place, version = relpath(folder / POM_FILE, root), checkout.version_of(folder)
            # Maven names an artifact by group:artifact:type[:classifier]:version.
            asked = rest.rpartition(":")[2]
            if version and "${" not in version and version != asked:
                return f"{place} makes {artifact} in version {version}: ask for that version, and not for {asked}"
            return f"{artifact} is made by {place}: let the build of it make what is asked for ({rest})"
    return ""


def _by_hand(one: Blame, members: list[Member], root: Path) -> str:
    """The command that shows the same failure, where one is enough."""
    needs = members[0].needs
    top = needs.root
    if top is None or (one.folder is None and len(members) > 1):
        return ""
    chosen = one.folder or needs.folder
    words = "" if chosen == top else f" -pl {relpath(chosen, top)} -am"
    return f"; by hand: mvn -f {relpath(top / POM_FILE, root)}{words} clean package"


def _label(folder: Path, checkout: MavenCheckout) -> str:
    project = checkout.project_of(folder)
    return project.artifact if project else folder.name
