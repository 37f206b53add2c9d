"""The tag `latest`: it names what was proven last."""

from collections.abc import Collection, Sequence

from erp_build.clients.protocols import Tools
from erp_build.errors import TagTaken, VerificationFailed
from erp_build.model.images.image import BuiltImage, StoredImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState


def move_latest(tools: Tools, cleared: Sequence[ClearedImage]) -> None:
    """Let `latest` name what was cleared and proven; the manifest is tagged, nothing is pushed again."""
    for one in cleared:
        stored = tools.registry.stored(one.image.repository, one.image.digest)
        if stored is None:
            raise VerificationFailed(
                "an image that was just deployed is gone from the registry",
                where=f"{one.image.repository}@{one.image.digest}",
                next_step="look at the repository's lifecycle policy",
            )
        if _is_behind(tools, stored):
            try:
                tools.effects.tag(stored, "latest")
            except TagTaken as error:
                # Nothing that was deployed reads `latest`: it names by digest or by the commit's tag.
                tools.progress.say(f"`latest` stays where it is: {error.why}; {error.next_step}", one.image.target)


def latest_behind(tools: Tools, live: LiveState, planned: Collection[str] = ()) -> tuple[BuiltImage, ...]:
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
        if (stored := tools.registry.stored(item.repository, item.digest)) and _is_behind(tools, stored)
    )


def _is_behind(tools: Tools, image: StoredImage) -> bool:
    latest = tools.registry.stored(image.repository, "latest")
    return latest is None or latest.digest != image.digest
