"""What a COPY or a WORKDIR adds to an image: the entries of its layer."""

from erp_build.build.direct.buildkit_copy import copy_by_buildkit
from erp_build.build.direct.classic_copy import copy_classic
from erp_build.build.direct.file_tree import ROOT_OWNER, Beyond, FileTree, Kind, Node, clean
from erp_build.formats.dockerfile.direct.copies import owner_of
from erp_build.formats.dockerfile.direct.recipe import Copy, Owner

ZIP_MARK = b"PK"
Entry = tuple[str, Node]


def entries_of(step: Copy, source: FileTree, image: FileTree, *, classic: bool) -> list[Entry]:
    """Copy into the tree of an image, and return the entries of the layer; none: nothing has changed.

    Raises `Refusal` where the builder would refuse the COPY.

    Args:
        step: the COPY.
        source: the build context, or the image of `--from`.
        image: what the base and the layers so far have; it is changed.
        classic: whether the classic builder is followed, or BuildKit.
    """
    image.begin_layer()
    (copy_classic if classic else copy_by_buildkit)(step, source, image)
    return image.layer()


def entries_of_folder(path: str, image: FileTree, user: str = "") -> list[Entry]:
    """Make the folder of a WORKDIR in the tree of an image, and return the entries of the layer, if it needs one.

    Raises `Beyond` where a folder is to be made for somebody whose number only the image knows.

    Args:
        path: of the folder.
        image: what the base and the layers so far have; it is changed.
        user: to whom BuildKit gives what it makes; empty: root.
    """
    image.begin_layer()
    place = image.resolved(clean(path))
    if not image.is_folder(place):
        image.make_folders(place, owner=_owner(user))
    return image.layer()


def _owner(user: str) -> Owner:
    try:
        return owner_of(user) or ROOT_OWNER
    except ValueError:
        raise Beyond(f"WORKDIR gives a folder to USER {user}, whose number stands in a file of the image") from None


def require_zips(entries: list[Entry]) -> None:
    """Raise `Beyond` for a file that ADD might unpack. A zip it leaves as it is, and so a jar."""
    for path, node in entries:
        if node.kind is Kind.FILE and node.content is not None:
            with node.content() as content:
                if content.read(len(ZIP_MARK)) != ZIP_MARK:
                    raise Beyond(f"ADD may unpack /{path}: it is no zip")
