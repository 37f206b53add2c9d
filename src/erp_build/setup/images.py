"""Which folders are built into images: a Dockerfile, and mostly a pom.xml that makes a jar; and why others are not."""

import posixpath
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from erp_build.formats.dockerfile.parse import instructions
from erp_build.formats.dockerfile.sources import copied_sources
from erp_build.formats.dockerfile.stages import images_of
from erp_build.formats.maven.pom import POM_FILE
from erp_build.model.packaging import OUTPUT
from erp_build.setup.tree import Tree

NO_DOCKERFILES = (".dockerignore", ".md", ".txt", ".j2", ".tpl", ".template", ".tmpl", ".sh", ".yaml", ".yml")
"""Ends of names that begin as a Dockerfile does."""

SKIPPED = frozenset({"target", "node_modules", "test", "tests", "archetype-resources", ".devcontainer"})
"""Folders whose files are results, or are written for tests."""

LAMBDA_IMAGES = ("public.ecr.aws/lambda/", "amazon/aws-lambda-", "aws-lambda-adapter", "aws-lambda-rie")
PACKAGINGS = ("jar", "war")
AT_ROOT = "a service at the root of the repository is not supported; it needs a folder of its own"
DOCKERFILE_ALONE = "its Dockerfile"
"""The tool of a folder in which no file of a build tool lies."""

SHOWN = 6
"""Paths that a line names."""


class ImageFolder(NamedTuple):
    """A folder of a service.

    Attributes:
        path: of it.
        dockerfiles: the likeliest first; those for Lambda are `lambdas`.
        tool: what its Dockerfile builds it with; empty where a pom.xml makes its jar.
    """

    path: str
    dockerfiles: tuple[str, ...]
    lambdas: tuple[str, ...]
    tool: str = ""


def image_folders(tree: Tree) -> tuple[tuple[ImageFolder, ...], tuple[str, ...]]:
    """Return the folders that can be built, and a line for each that cannot be, with the reason."""
    homes: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = {}
    for path in tree.paths:
        if _is_dockerfile(path):
            home, why = _home(tree, posixpath.dirname(path))
            if why:
                refused.setdefault(why, []).append(path)
            else:
                homes.setdefault(home, []).append(path)
    folders = tuple(_folder(tree, home, paths) for home, paths in sorted(homes.items()))
    lines = tuple(f"{_listed(paths)}: {why}" for why, paths in refused.items())
    return folders, (*lines, *_without_dockerfile(tree, homes), *_gradle(tree, homes))


def _is_dockerfile(path: str) -> bool:
    *folders, name = path.lower().split("/")
    is_one = name == "dockerfile" or name.startswith("dockerfile.") or name.endswith(".dockerfile")
    return is_one and not name.endswith(NO_DOCKERFILES) and SKIPPED.isdisjoint(folders)


def _home(tree: Tree, folder: str) -> tuple[str, str]:
    """The folder of the service that a Dockerfile is for, or why there is none.

    It is the nearest one at or above with a pom.xml, or with the file of another build tool; without either of them it
    is the Dockerfile's own.
    """
    start = folder
    while True:
        if posixpath.join(folder, POM_FILE) in tree:
            return folder, _why_not(tree, folder)
        # What builds the whole repository says nothing of a folder in it.
        if folder and tree.other_tool(folder):
            return folder, ""
        if not folder:
            return start, "" if start else AT_ROOT
        folder = posixpath.dirname(folder)


def _why_not(tree: Tree, folder: str) -> str:
    pom = tree.pom(folder)
    at = posixpath.join(folder, POM_FILE)
    if pom is None:
        return f"{at} cannot be read as a pom"
    if pom.packaging == "pom":
        return f"{at} makes no jar (packaging pom); a service needs a pom.xml and a Dockerfile in a folder of its own"
    if pom.packaging not in PACKAGINGS:
        return f"{at} makes a {pom.packaging}, which is not supported; jar and war are"
    return "" if folder else AT_ROOT


def _folder(tree: Tree, home: str, paths: list[str]) -> ImageFolder:
    ordered = sorted(paths, key=lambda path: (path.count("/"), posixpath.basename(path) != "Dockerfile", path))
    names = tuple(posixpath.relpath(path, home) for path in ordered)
    lambdas = tuple(name for name in names if _is_for_lambda(tree.text(posixpath.join(home, name)), name))
    tool = "" if posixpath.join(home, POM_FILE) in tree else tree.other_tool(home) or DOCKERFILE_ALONE
    return ImageFolder(home, tuple(name for name in names if name not in lambdas), lambdas, tool)


def _is_for_lambda(text: str, name: str) -> bool:
    return "lambda" in name.lower() or any(mark in image for image in images_of(text) for mark in LAMBDA_IMAGES)


def runs_maven(text: str) -> bool:
    """Whether a Dockerfile calls Maven itself."""
    words = (word for one in instructions(text) if one.keyword == "RUN" for text in one.words for word in text.split())
    return any(posixpath.basename(word) in ("mvn", "mvnw") for word in words)


def builds_itself(text: str) -> bool:
    """Whether a Dockerfile calls Maven, and copies no jar that Maven has made before."""
    taken = (source.strip("./") for _, source in copied_sources(text))
    return runs_maven(text) and not any(source == OUTPUT or source.startswith(f"{OUTPUT}/") for source in taken)


def _without_dockerfile(tree: Tree, homes: Collection[str]) -> Iterator[str]:
    poms = {folder: pom for folder in tree.pom_folders if (pom := tree.pom(folder))}
    libraries = {dependency[1] for pom in poms.values() for dependency in pom.dependencies}
    lacking = [
        posixpath.join(folder, POM_FILE)
        for folder, pom in poms.items()
        if folder not in homes
        and pom.packaging in PACKAGINGS
        and pom.artifact not in libraries
        and _is_boot(tree, folder)
    ]
    if lacking:
        yield f"{_listed(lacking)}: a Spring Boot program without a Dockerfile in its folder: add one"


def _is_boot(tree: Tree, folder: str) -> bool:
    """Whether the pom of a folder, or one that it inherits from in the repository, has the plugin of Spring Boot."""
    return any(pom.has_boot_plugin for _, pom in tree.lineage(folder))


def _gradle(tree: Tree, homes: Collection[str]) -> Iterator[str]:
    folders = (folder for folder in {"", *tree.folders} if tree.other_tool(folder) == "Gradle")
    lacking = sorted(folder or "." for folder in folders if not any(_is_in(home, folder) for home in homes))
    if lacking:
        yield f"{_listed(lacking)}: Gradle without a Dockerfile: add one that calls Gradle in its first stage"


def _is_in(path: str, folder: str) -> bool:
    return not folder or f"{path}/".startswith(f"{folder}/")


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more
