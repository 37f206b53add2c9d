"""The bill of materials of an image, as CycloneDX 1.6: the image, what it is built on, the application, its libraries.

The same image gives the same bytes: nothing in it is of the run that writes it. Its number is made of the digest, and
the time, which CycloneDX allows to leave out, stands in the provenance.
"""

import json
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from erp_build.formats.image_name import full_name
from erp_build.model.images.evidence import Application, Library

if TYPE_CHECKING:
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

KNOWN_BY = "erp-build:known-by"
"""The property that says where the coordinates of a library come from."""

PATH = "erp-build:path"
IN_COORDINATES = frozenset(f"{ascii_letters}{digits}_.-+~")
"""What Maven takes in a coordinate; `+` and `~` stand in versions alone."""

UNKNOWN = "erp-build:unknown"
"""The property of an application whose libraries are not listed: why."""

NOT_BY_DIGEST = "the digest of the base image is not known"
NO_BASE = "the image that it begins with is not known, or there is none"


def load() -> None:
    """Import what writes and what validates the bills, which takes a third of a second: beside work that waits."""
    import cyclonedx.output.json
    import cyclonedx.validation.json  # noqa: F401 - for the next ones


def sbom_of(name: str, digest: str, base: tuple[str, str], application: Application, version: str) -> bytes:
    """The bill of materials of an image.

    Args:
        name: host and repository.
        digest: of its manifest.
        base: name and digest of the image that it begins with; the digest or both may be empty.
        application: what it is made for.
        version: of erp_build.
    """
    # Imported here: it takes a third of a second, and most verbs write none.
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    subject = _container(name, digest)
    if not base[0]:
        subject.properties.add(Property(name=UNKNOWN, value=NO_BASE))
    parts = [_application(application), *([_container(*base)] if base[0] else [])]
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{name}@{digest}"), components=parts)
    bom.metadata.component = subject
    bom.metadata.tools.components.add(Component(name="erp_build", version=version, type=ComponentType.APPLICATION))
    libraries = [_library(one) for one in application.libraries]
    bom.components.update(libraries)
    bom.register_dependency(subject, parts)
    bom.register_dependency(parts[0], libraries)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    # The library always writes the present time.
    del document["metadata"]["timestamp"]
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def subject_of(document: Any) -> tuple[str, str]:
    """Name and digest of the image that a bill of materials is about; both empty where it does not say."""
    component = (document.get("metadata") or {}).get("component") or {}
    return str(component.get("name", "")), str(component.get("version", ""))


def sbom_fault(text: str) -> str:
    """Why a text is no bill of materials by CycloneDX's own strict schema; empty: it is one."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return f"it does not keep to CycloneDX 1.6: {str(error).splitlines()[0]}" if error else ""


def oci_purl(name: str, digest: str) -> "PackageURL":
    """The package URL of an image (purl-spec, type oci): its last word, its digest, and where it lies."""
    from packageurl import PackageURL

    address = full_name(name).partition("@")[0]
    head, colon, tag = address.rpartition(":")
    if not colon or "/" in tag:
        head, tag = address, ""
    qualifiers = {"repository_url": head} | ({"tag": tag} if tag else {})
    return PackageURL("oci", name=head.rpartition("/")[2], version=digest or None, qualifiers=qualifiers)


def _container(name: str, digest: str) -> "Component":
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType

    purl = oci_purl(name, digest)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))] if digest else []
    return Component(
        name=name,
        version=digest or None,
        type=ComponentType.CONTAINER,
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=hashes,
        properties=[] if digest else [Property(name=UNKNOWN, value=NOT_BY_DIGEST)],
    )


def _application(application: Application) -> "Component":
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    if application.jar:
        made = _library(application.jar)
        made.type = ComponentType.APPLICATION
    else:
        made = Component(name=application.name, type=ComponentType.APPLICATION, bom_ref=f"target:{application.name}")
    if application.unknown:
        made.properties.add(Property(name=UNKNOWN, value=application.unknown))
    return made


def _library(library: Library, within: str = "") -> "Component":
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component

    # What is taken into a jar has no path of its own.
    reference = f"{within}{library.group}:{library.name}:{library.version}" if within else library.path
    return Component(
        name=library.name,
        group=library.group or None,
        version=library.version or None,
        bom_ref=reference,
        purl=_maven_purl(library),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=library.sha256)] if library.sha256 else [],
        properties=[Property(name=KNOWN_BY, value=library.known_by), Property(name=PATH, value=library.path)],
        components=[_library(one, f"{reference}!") for one in library.inside],
    )


def _maven_purl(library: Library) -> "PackageURL | None":
    """The package URL of a library; None where its coordinates are not known, or are none."""
    from packageurl import PackageURL

    words = (library.group, library.name, library.version)
    return PackageURL("maven", *words) if all(word and IN_COORDINATES.issuperset(word) for word in words) else None
