"""The tag `latest`: it names the image that was proven last."""

from collections.abc import Collection, Sequence

from erp_build.build.stage import image_that_runs
from erp_build.clients.site import Site
from erp_build.errors import TagTaken, VerificationFailed
from erp_build.model.images.image import BuiltImage, StoredImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState
from erp_build.model.stages.stage import stage

LATEST = "latest"
"""The tag that moves from one image to another; every other tag stays with its image."""


@stage("ECR: the tag `latest`")
def move_latest(site: Site, cleared: Sequence[ClearedImage]) -> None:
    """Move `latest` to the images that were cleared and proven. The manifest is tagged; nothing is pushed again."""
    for one in cleared:
        stored = site.clients.registry.stored(one.image.repository, one.image.digest)
        if stored is None:
            raise VerificationFailed(
                "an image that was just deployed is gone from the registry",
                where=f"{one.image.repository}@{one.image.digest}",
                next_step="look at the repository's lifecycle policy",
            )
        point_latest_at(site, stored, one.image.target)


def point_latest_at(site: Site, image: StoredImage, target: str) -> None:
    """Move `latest` to an image of a target. Where the tags are immutable it stays, which is reported."""
    if not _is_behind(site, image):
        return
    try:
        site.clients.effects.tag(image, LATEST)
    except TagTaken as error:
        # No deployment depends on `latest`: Lambda runs a digest, the chart the commit's tag.
        site.say(f"`latest` stays where it is: {error.why}; {error.next_step}", target)


def latest_behind(site: Site, live: LiveState, planned: Collection[str] = ()) -> tuple[BuiltImage, ...]:
    """The running images that `latest` does not name, of targets that are not planned.

    An earlier run was cut off between its proof and its last tag. They are cleared again before `latest` moves.
    """
    return tuple(
        image_that_runs(item)
        for item in live.running.values()
        if item.target not in planned and item.digest and item.commit
        if (stored := site.clients.registry.stored(item.repository, item.digest)) and _is_behind(site, stored)
    )


def _is_behind(site: Site, image: StoredImage) -> bool:
    latest = site.clients.registry.stored(image.repository, LATEST)
    return latest is None or latest.digest != image.digest
