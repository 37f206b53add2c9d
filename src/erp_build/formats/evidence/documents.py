"""Both documents about one image."""

from erp_build.formats.evidence.provenance import provenance_of
from erp_build.formats.evidence.sbom import sbom_of
from erp_build.formats.oci.digest import digest_of
from erp_build.model.images.evidence import PROVENANCE_TYPE, SBOM_TYPE, Application, EvidenceRequest, StoredEvidence


def documents_of(request: EvidenceRequest, application: Application) -> dict[str, bytes]:
    """Type -> document, of an image that was made for an application."""
    name, digest, making = request.name, request.image.digest, request.making
    return {
        SBOM_TYPE: sbom_of(name, digest, making.base, application, making.version),
        PROVENANCE_TYPE: provenance_of(name, digest, making),
    }


def assumed_evidence(request: EvidenceRequest) -> tuple[StoredEvidence, StoredEvidence]:
    """SBOM and provenance as a rehearsal assumes them: no jar was made, so that no library is known."""
    application = Application(request.making.target, unknown="no jar was made: a rehearsal assumes it")
    sbom, provenance = (
        StoredEvidence(kind, digest_of(content), request.image.digest, content)
        for kind, content in documents_of(request, application).items()
    )
    return sbom, provenance
