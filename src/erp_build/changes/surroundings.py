"""What enters an image beside its files: the base images of its Dockerfile as they are now, and the JDK.

They count only for a target that is built anyway: a base that moves builds nothing by itself. Where one of them cannot
be asked, the content alone decides, and the plan says so.
"""

from typing import NamedTuple

from erp_build.changes.content_key import with_surroundings
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError
from erp_build.formats.dockerfile.one_stage import as_built
from erp_build.formats.dockerfile.stages import images_of
from erp_build.model.packaging import dockerfile_of, is_maven
from erp_build.model.project import Function, Service


class Surroundings(NamedTuple):
    """What a target would be built on.

    Attributes:
        bases: (name in the Dockerfile, digest), as far as it is known.
        jdk: its release; None: no Maven makes a jar, or it is not known, which is a doubt.
        doubts: what could not be asked, and why.
    """

    bases: tuple[tuple[str, str], ...] = ()
    jdk: int | None = None
    doubts: tuple[str, ...] = ()

    def key(self, content: str) -> str:
        """The key of an image with this content that is built on them; the content's own where they are not known."""
        if not content or self.doubts or (self.jdk is None and not self.bases):
            return content
        return with_surroundings(content, (digest for _, digest in self.bases), self.jdk)


def surroundings_of(site: Site, target: Service | Function, dockerfile: str | None) -> Surroundings:
    """Ask for the bases and the JDK of a target; without a Dockerfile (None) there is nothing to build on."""
    if dockerfile is None:
        return Surroundings()
    bases, doubts = bases_of(site, target, dockerfile)
    jdk = site.clients.assembly.jdk_release(target) if is_maven(target) else None
    if jdk is None and is_maven(target):
        doubts.append("no JDK is known on this machine")
    return Surroundings(tuple(bases), jdk, tuple(doubts))


def bases_of(site: Site, target: Service | Function, dockerfile: str) -> tuple[list[tuple[str, str]], list[str]]:
    """(name, digest of now) of each base image of a Dockerfile, and what could not be asked."""
    bases, doubts = [], []
    for name in images_of(as_built(dockerfile, target.docker_target, dict(target.args))):
        try:
            bases.append((name, _digest(site, target, name)))
        except ErpBuildError as error:
            doubts.append(f"the digest of {name} cannot be asked ({error.why or error.what})")
    return bases, doubts


def read_dockerfile(site: Site, target: Service | Function, head: str, *, checkout: bool) -> str | None:
    """The Dockerfile of a target, in the checkout or of a commit; None where there is none."""
    path, repository = dockerfile_of(target), site.clients.repository
    if checkout:
        lies = repository.root / path
        content = lies.read_bytes() if lies.is_file() else None
    else:
        content = repository.read_file(head, path)
    return None if content is None else content.decode("utf-8-sig", "replace")


def _digest(site: Site, target: Service | Function, name: str) -> str:
    pinned = name.partition("@")[2]
    if pinned:
        return pinned
    if "$" in name:
        raise ErpBuildError("the base image has no name", why="its variable has no default in the Dockerfile")
    return site.clients.assembly.base_digest(target, name)
