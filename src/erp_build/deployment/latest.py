"""The tag `latest`: it names what was proven last."""

from collections.abc import Collection, Sequence

from erp_build.clients.site import Site
from erp_build.errors import TagTaken, VerificationFailed
from erp_build.model.images.image import BuiltImage, StoredImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState
from erp_build.model.stage import stage


@stage("ECR: the tag `latest`")
def move_latest(site: Site, cleared: Sequence[ClearedImage]) -> None:
    """Let `latest` name what was cleared and proven; the manifest is tagged, nothing is pushed again."""
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
    """Let `latest` name an image of a target; where the repository's tags are immutable it stays, and that is said."""
    if not _is_behind(site, image):
        return
    try:
        site.clients.effects.tag(image, "latest")
    except TagTaken as error:
        # Nothing that was deployed reads `latest`: it names by digest or by the commit's tag.
        site.say(f"`latest` stays where it is: {error.why}; {error.next_step}", target)


def latest_behind(site: Site, live: LiveState, planned: Collection[str] = ()) -> tuple[BuiltImage, ...]:
    """Images that run and that `latest` does not name, of targets that are not planned.

    A run was cut off between its proof and its last tag. They are cleared and proven once more before `latest` moves.
    """
    return tuple(
        BuiltImage(
            target=item.target,
            repository=item.repository,
            tag=item.tag,
            digest=item.digest,
            commit=item.commit,
            origin="running",
        )
        for item in live.running.values()
        if item.target not in planned and item.digest and item.commit
        if (stored := site.clients.registry.stored(item.repository, item.digest)) and _is_behind(site, stored)
    )


def _is_behind(site: Site, image: StoredImage) -> bool:
    latest = site.clients.registry.stored(image.repository, "latest")
    return latest is None or latest.digest != image.digest
