"""Whether the base images of what runs have moved: their digests of now, against those that it was built on.

The key of an image tells whether any base of its Dockerfile has moved, also one of an earlier stage; its labels name
the last one. A JDK that is another one on this machine moves no base.
"""

from typing import NamedTuple

from erp_build.changes.content_key import content_of, with_surroundings
from erp_build.changes.rebuilds.reasons import moved_reason
from erp_build.changes.surroundings import bases_of, read_dockerfile
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError, told
from erp_build.model.plan import Reason, Running
from erp_build.model.project import Function, Service

JDKS = (None, *range(8, 100))
"""Releases of the JDK that an image may have been built with; None: none, as without Maven."""


class BaseLook(NamedTuple):
    """What is known of the bases of one target.

    Attributes:
        looked_at: names of its bases whose digest was asked.
        moved: a reason for each that is another one by now.
        doubts: what could not be asked or compared, in words.
    """

    looked_at: tuple[str, ...] = ()
    moved: tuple[Reason, ...] = ()
    doubts: tuple[str, ...] = ()


def look_at_bases(
    site: Site, target: Service | Function, running: Running, head: str, *, checkout: bool = True
) -> BaseLook:
    """Compare the bases of a target's Dockerfile with those that its running image was built on; it only reads.

    Args:
        site: where they are asked for.
        target: whose Dockerfile it is.
        running: its image.
        head: the commit whose Dockerfile counts where the checkout does not.
        checkout: whether the checkout is what would be built.
    """
    dockerfile = read_dockerfile(site, target, head, checkout=checkout)
    if dockerfile is None:
        # There is nothing to build on, and a build of it would say so.
        return BaseLook()
    bases, doubts = bases_of(site, target, dockerfile)
    # One that is named by its digest does not move.
    asked = tuple(name for name, _ in bases if "@" not in name)
    if doubts or not asked:
        return BaseLook(asked, doubts=tuple(doubts))
    try:
        image = site.clients.registry.stored(running.repository, running.digest) if running.digest else None
        name, digest = site.clients.registry.base(image) if image else ("", "")
    except ErpBuildError as error:
        return BaseLook(asked, doubts=(f"on what {target.name} was built is not known ({told(error)})",))
    now = dict(bases)
    if name in now and digest and now[name] != digest:
        return BaseLook(asked, (moved_reason(name, digest, now[name]),))
    if content_of(running.key) == running.key:
        # Without a second part of its key only the label can be compared.
        doubt = () if name in now and digest else (f"the image of {target.name} does not say on what it was built",)
        return BaseLook(asked, doubts=doubt)
    if _has_key_of(running.key, [digest for _, digest in bases]):
        return BaseLook(asked)
    # The last stage is as it was, so that it is one of the others; the image does not say which.
    others = [one for one in asked if one != name] or list(asked)
    return BaseLook(asked, tuple(moved_reason(one, "", now[one]) for one in others))


def _has_key_of(key: str, digests: list[str]) -> bool:
    """Whether a key is that of these bases, with whatever JDK."""
    content = content_of(key)
    return any(with_surroundings(content, digests, jdk) == key for jdk in JDKS)
