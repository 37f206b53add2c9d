"""The images that the samples' Dockerfiles begin with or copy from, in the registry, where any builder finds them.

They lie where a pull-through cache of Docker Hub would have them, and below its `public/` those of the public registry
of AWS. The samples' configurations name both as mirrors.
"""

import io

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.client import client
from sandbox.aws.ecr.hosts import HUB
from sandbox.component import Component
from sandbox.docker import foreign_images, java_base_image
from sandbox.docker.push import push_image
from sandbox.endpoints import REGISTRY_HOST

OF_AWS = "public.ecr.aws/"


def _stored(image: str) -> tuple[str, str]:
    """The repository of the account's own registry in which an image lies, and its tag."""
    name, _, tag = image.rpartition(":")
    path = f"public/{name.removeprefix(OF_AWS)}" if name.startswith(OF_AWS) else f"library/{name}"
    return f"{HUB.prefix}{path}", tag


IMAGES = (
    ":".join(java_base_image.IMAGE),
    *(":".join(name) for name in foreign_images.JAVA),
    foreign_images.ADAPTER,
)


class HubImages:
    """The images in the registry."""

    name = "hub images"

    def is_up(self) -> bool:
        """Whether the registry has all of them."""
        return all(map(_is_there, map(_stored, IMAGES)))

    def up(self) -> None:
        """Push those that it has not, from the engine, which has them under their own names."""
        for image in IMAGES:
            repository, tag = _stored(image)
            if not _is_there((repository, tag)):
                _make(repository)
                push_image(f"{REGISTRY_HOST}/{repository}", tag, io.BytesIO(f"FROM {image}\n".encode()))

    def down(self) -> None:
        """They go with the stand-in, which keeps them in memory."""


def _is_there(stored: tuple[str, str]) -> bool:
    repository, tag = stored
    try:
        found = client("ecr").batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except (ClientError, BotoCoreError):
        return False
    return bool(found["images"])


def _make(repository: str) -> None:
    ecr = client("ecr")
    try:
        ecr.create_repository(repositoryName=repository)
    except ecr.exceptions.RepositoryAlreadyExistsException:
        return


HUB_IMAGES: Component = HubImages()
