"""Whether evidence that was read back is about the image that will be deployed, and says what the plan says."""

from typing import Any, NamedTuple

from erp_build.formats.evidence.provenance import provenance_fault
from erp_build.formats.evidence.sbom import sbom_fault, subject_of
from erp_build.formats.json_text import parsed_json
from erp_build.model.images.evidence import SBOM_TYPE, WORDS, StoredEvidence


class Expected(NamedTuple):
    """What evidence about an image must say.

    Attributes:
        name: host and repository.
        digest: of the image that will be deployed.
        commit: that it was built from; empty: not known, and not compared.
        key: of its content, as far as it is known; empty: not compared.
    """

    name: str
    digest: str
    commit: str = ""
    key: str = ""


def fault_of(found: StoredEvidence, expected: Expected) -> str:
    """Why evidence may not count, in words; empty: it is right."""
    if found.broken:
        return found.broken
    if found.subject != expected.digest:
        return f"it is attached to {found.subject or 'no image'}, not to {expected.digest}"
    try:
        text = found.content.decode("utf-8")
        document = parsed_json(text)
    except ValueError as error:
        return f"it is no JSON: {error}"
    return _sbom(text, document, expected) if found.kind == SBOM_TYPE else _provenance(document, expected)


def named(found: StoredEvidence) -> str:
    """What it is and under which digest it lies."""
    return f"{WORDS[found.kind]} {found.digest}"


def _sbom(text: str, document: Any, expected: Expected) -> str:
    return sbom_fault(text) or _subject(*subject_of(document), expected)


def _provenance(document: Any, expected: Expected) -> str:
    if fault := provenance_fault(document):
        return fault
    subject = document["subject"][0]
    definition = document["predicate"]["buildDefinition"]
    said = definition["externalParameters"] | definition["internalParameters"]
    return (
        _subject(subject["name"], f"sha256:{subject['digest']['sha256']}", expected)
        or _other("commit", said["commit"], expected.commit)
        or _other("content key", said["key"], expected.key)
        or _sources(definition["resolvedDependencies"], said["commit"])
    )


def _subject(name: str, digest: str, expected: Expected) -> str:
    if digest != expected.digest:
        return f"it is about {digest or 'no image'}, not about {expected.digest}"
    return f"it is about {name}, not about {expected.name}" if name != expected.name else ""


def _other(what: str, said: str, expected: str) -> str:
    """A key for runs that could not ask for the base image is the beginning of one that was made with its digest."""
    if not expected or said == expected or said.startswith(f"{expected}-"):
        return ""
    return f"it says {what} {said or 'unknown'}, the plan {expected}"


def _sources(dependencies: Any, commit: str) -> str:
    """The commit stands twice, for those who read us and for those who read SLSA; both must be the same."""
    commits = {one["digest"]["gitCommit"] for one in dependencies if "gitCommit" in one.get("digest", {})}
    return f"it names two commits: {commit} and {', '.join(sorted(commits))}" if commits - {commit} else ""
