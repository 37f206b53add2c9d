"""A Spring Boot jar in its own layers: the parts of it as files of the build context, and the COPYs that take them.

The parts are those that an engine is given as well. They are read out of the jar when a layer is written.
"""

import posixpath
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

from erp_build.build.direct.context_tree import open_file
from erp_build.build.direct.file_tree import FileTree, Kind, Node
from erp_build.clients.docker.build_context import FILE_MODE, layer_folders
from erp_build.clients.docker.spring_layers import APPLICATION_LAYER, LayeredJar
from erp_build.clients.files.atomic import full_disk_fails
from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.rewrite import jar_name, with_layers


@contextmanager
def jar_in_layers(context: FileTree, text: str, jar: Path, name: str, where: str, folder: Path) -> Iterator[str]:
    """Put the parts of a jar into a context in place of it, and give the Dockerfile with a COPY for each layer.

    Raises `BuildFailed` for a jar without layers, and a Dockerfile that does not copy it alone, once.

    Args:
        context: is changed; the parts can be read within the block.
        text: the Dockerfile.
        jar: the jar, complete.
        name: its path in the context.
        where: the Dockerfile's path, for errors.
        folder: which nobody else can read, for the small jar.
    """
    with LayeredJar(jar) as layered:
        folders = layer_folders(layered)
        rewritten = with_layers(text, name, tuple(folders.values()), where)
        context.remove(name)
        for layer, place in folders.items():
            for library, open_library, size in layered.libraries(layer):
                _put(context, f"{place}/{library}", Node(Kind.FILE, FILE_MODE, size=size, content=open_library))
        small = f"{folders[APPLICATION_LAYER]}/{jar_name(text, name, where)}"
        with full_disk_fails(str(folder)), tempfile.NamedTemporaryFile(dir=folder, prefix="application-") as file:
            with _damage_fails(jar):
                layered.write_application(file)
            file.flush()
            content = partial(open_file, Path(file.name))
            _put(context, small, Node(Kind.FILE, FILE_MODE, size=file.tell(), content=content))
            yield rewritten


@contextmanager
def _damage_fails(jar: Path) -> Iterator[None]:
    try:
        yield
    except (BadZipFile, zlib.error) as error:
        raise BuildFailed(
            "the jar cannot be read", where=str(jar), why=str(error), next_step="build it anew: it is damaged"
        ) from error


def _put(context: FileTree, path: str, node: Node) -> None:
    context.make_folders(posixpath.dirname(path))
    context.put(path, node)
