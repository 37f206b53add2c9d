"""The tag `latest`: it names the image that was proven last."""

from collections.abc import Collection, Mapping, Sequence

from erp_build.build.stage import image_that_runs
from erp_build.clients.machine.parallel import ASKED_AT_ONCE, act_at_once, ask_at_once
from erp_build.clients.site import Site
from erp_build.errors import TagTaken, VerificationFailed
from erp_build.model.images.image import LATEST, BuiltImage, StoredImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState
from erp_build.model.stages.stage import stage

MOVES_AT_ONCE = ASKED_AT_ONCE
"""Tags that are moved at the same time: each is a write and some questions to ECR."""


@stage("ECR: the tag `latest`")
def move_latest(site: Site, cleared: Sequence[ClearedImage]) -> None:
    """Move `latest` to the images that were cleared and proven. The manifest is tagged; nothing is pushed again."""
    point_latest_at(site, {one.image.target: (one.image.repository, one.image.digest) for one in cleared})


def point_latest_at(site: Site, wanted: Mapping[str, tuple[str, str]]) -> None:
    """Move `latest` to the images of targets. Where the tags are immutable it stays, which is reported.

    Args:
        site: the clients.
        wanted: target -> repository and digest.
    """
    behind = ask_at_once(lambda one: _behind(site, *one), wanted.values())
    to_move = [(target, image) for target, image in zip(wanted, behind, strict=True) if image]
    act_at_once(lambda one: _move(site, *one), to_move, MOVES_AT_ONCE)


def _behind(site: Site, repository: str, digest: str) -> StoredImage | None:
    """The image, where `latest` does not name it yet."""
    image, latest = site.clients.registry.stored_each(repository, (digest, LATEST))
    if image is None:
        raise VerificationFailed(
            "an image that was just deployed is gone from the registry",
            where=f"{repository}@{digest}",
            next_step="look at the repository's lifecycle policy",
        )
    return None if latest and latest.digest == digest else image


def _move(site: Site, target: str, image: StoredImage) -> None:
    try:
        site.clients.effects.tag(image, LATEST)
    except TagTaken as error:
        # No deployment depends on `latest`: Lambda runs a digest, the chart the commit's tag.
        site.say(f"`latest` stays where it is: {error.why}; {error.next_step}", target)


def latest_behind(live: LiveState, planned: Collection[str] = ()) -> tuple[BuiltImage, ...]:
    """The running images that `latest` does not name, of targets that are not planned.

    An earlier run was cut off between its proof and its last tag. They are cleared again before `latest` moves.
    """
    return tuple(
        image_that_runs(item)
        for item in live.running.values()
        if item.target not in planned and item.digest and item.commit and item.latest != item.digest
    )
