"""Evidence about an image, which lies beside it in the registry: what is in it, and how it was made."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from erp_build.model.images.image import StoredImage

SBOM_TYPE = "application/vnd.cyclonedx+json"
"""The bill of materials, in CycloneDX's own media type."""

PROVENANCE_TYPE = "application/vnd.in-toto+json"
"""The statement about how an image was made, in the media type of in-toto's attestations."""

EVIDENCE_TYPES = (SBOM_TYPE, PROVENANCE_TYPE)
WORDS = {SBOM_TYPE: "SBOM", PROVENANCE_TYPE: "provenance"}
"""How a text calls each of them."""

MADE_BY = "erp-build.version"
"""The annotation of what we push: other programs attach statements of the same type, which say nothing to us."""

KnownBy = Literal[
    "pom.properties", "Maven's local repository", "file name and manifest", "file name", "its bytes alone"
]


class Library(NamedTuple):
    """A library as it lies in a jar.

    Attributes:
        path: in the jar, such as `BOOT-INF/lib/a-1.0.jar`.
        name, version, group: its coordinates; version and group are empty where nothing says them.
        sha256: of its bytes, in hexadecimal digits; empty for one whose classes lie in the jar of another.
        known_by: what says the coordinates.
        inside: libraries whose classes it has taken in.
    """

    path: str
    name: str
    version: str = ""
    group: str = ""
    sha256: str = ""
    known_by: KnownBy = "its bytes alone"
    inside: tuple["Library", ...] = ()


class Application(NamedTuple):
    """What an image was made for: its jar with the libraries in it, or the reason why nothing is known of them.

    Attributes:
        name: of the target.
        jar: the jar itself; None: there is none.
        libraries: those in it.
        unknown: why the libraries are not listed; empty where they are.
    """

    name: str
    jar: Library | None = None
    libraries: tuple[Library, ...] = ()
    unknown: str = ""


class CheckOutcome(NamedTuple):
    """How a `[[check]]` of the target ended, and the (path, SHA-256) of the files that it left."""

    name: str
    outcome: str
    reports: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """How an image was made.

    Attributes:
        target, tag, commit, key: as in the request of the image; a commit that ends with `-dirty` is not what was
            built.
        source: address of the repository, without user and password; empty if unknown.
        dockerfile: its path in the repository.
        package, tests, layers: how the jar was made and split.
        builder: `direct`, `classic` or `buildkit`; empty if unknown.
        base: name and digest of the image that it begins with; both empty where nobody knows it.
        bases: the same of every image that the build used, that one included.
        checks: of its sources.
        started, finished: in UTC, ISO 8601 with a Z.
        version: of erp_build.
    """

    target: str
    tag: str
    commit: str
    key: str
    source: str
    dockerfile: str
    package: str
    tests: str
    layers: bool
    builder: str
    base: tuple[str, str]
    bases: tuple[tuple[str, str], ...]
    checks: tuple[CheckOutcome, ...]
    started: str
    finished: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceRequest:
    """What is to be said about an image that was just pushed: `name` is host and repository."""

    name: str
    image: StoredImage
    making: Making


class StoredEvidence(NamedTuple):
    """Evidence as it was read from the registry.

    Attributes:
        kind: one of `EVIDENCE_TYPES`.
        digest: of its manifest.
        subject: digest of the image that the manifest names; empty if it names none.
        content: the document itself.
        broken: why its bytes are not those that its digests name; empty: they are.
    """

    kind: str
    digest: str
    subject: str
    content: bytes = b""
    broken: str = ""


class CheckedEvidence(NamedTuple):
    """What was found beside an image before it was deployed.

    Attributes:
        target: name of the target.
        sbom, provenance: digests of what was read and is right; empty: there is none.
        missing: what is not there and was not required, in words; empty: both are there.
    """

    target: str
    sbom: str = ""
    provenance: str = ""
    missing: str = ""
