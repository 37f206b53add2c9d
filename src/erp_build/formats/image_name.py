"""Names of images as Docker reads them: the registry's host, what is left out, and which hosts are of ECR."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

DOCKER_HUB = "docker.io"
PUBLIC_ECR = "public.ecr.aws"
DEFAULT_TAG = "latest"
OTHER_NAMES_OF_THE_HUB = ("index.docker.io", "registry-1.docker.io")

ECR_HOST = re.compile(
    r"(?P<account>[0-9]{12})\.dkr(?:\.ecr|-ecr)(?:-fips)?\.(?P<region>[a-z]{2,4}(?:-[a-z]+)+-[0-9])\."
    # Every ending is a domain of AWS alone: whoever has another one would be sent the password.
    r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)


class EcrHost(NamedTuple):
    """The account and the region in the host of a private registry of ECR."""

    account: str
    region: str


def ecr_host(host: str) -> EcrHost | None:
    """The account and the region of a host; None where it is none of ECR."""
    found = ECR_HOST.fullmatch(host)
    return EcrHost(found["account"], found["region"]) if found else None


class ImageName(NamedTuple):
    """What an image's name says: a registry, a repository in it, and a tag or a digest."""

    host: str
    repository: str
    reference: str


def named(image: str) -> ImageName:
    """Take a name apart; without a tag it is `latest`, and a digest counts more than a tag."""
    host, path = _split(image)
    name, _, digest = path.partition("@")
    head, _, tail = name.rpartition("/")
    last, _, tag = tail.partition(":")
    return ImageName(host, f"{head}/{last}" if head else last, digest or tag or DEFAULT_TAG)


def host_of(image: str) -> str:
    """The host of an image's registry; a name without one is of Docker Hub."""
    return _split(image)[0]


def full_name(image: str) -> str:
    """The name with everything that Docker leaves out but for the tag: `docker.io/library/eclipse-temurin:17`."""
    return "/".join(_split(image))


def mirrored(image: str, mirrors: Mapping[str, str]) -> str:
    """The name under which an image is fetched: in the mirror of its host; the same name where there is none.

    Args:
        image: a name, with tag or digest or without.
        mirrors: host -> host and prefix of the mirror.
    """
    host, path = _split(image)
    return f"{mirrors[host]}/{path}" if host in mirrors else image


def hosts_of(images: Iterable[str]) -> tuple[str, ...]:
    """The hosts of several images, each once; what begins with a variable has none that is known."""
    return tuple(dict.fromkeys(host_of(image) for image in images if not image.startswith("$")))


def _split(image: str) -> tuple[str, str]:
    """The host, and the rest of the name: Docker takes the first part for a host by a dot, a colon, or `localhost`."""
    first, slash, rest = image.partition("/")
    if slash and (any(mark in first for mark in ".:") or first == "localhost"):
        host, path = first, rest
    else:
        host, path = DOCKER_HUB, image
    host = DOCKER_HUB if host in OTHER_NAMES_OF_THE_HUB else host
    return host, f"library/{path}" if host == DOCKER_HUB and "/" not in path else path
