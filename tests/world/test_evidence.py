"""Evidence of images that the real Maven and engine made, read back from the registry by plain requests."""

import json
from typing import Any

import pytest
import requests

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.secrets import Secrets
from erp_build.formats.evidence.provenance import provenance_fault
from erp_build.formats.evidence.sbom import sbom_fault
from erp_build.model.images.evidence import PROVENANCE_TYPE, SBOM_TYPE
from sandbox.aws.client import client
from sandbox.endpoints import REGISTRY_HOST
from sandbox.lanes import in_lane
from sandbox.sample import erp_repository
from sandbox.tenants import provisioning
from tests.world.building import SERVICE, Workplace, tiny

pytestmark = pytest.mark.world


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A repository whose images get evidence."""
    place = tiny(tmp_path_factory.mktemp("evidence"), provisioning.create(in_lane("evidence")))
    config = place.root / "erp-build.toml"
    config.write_text(config.read_text(encoding="utf-8") + "evidence = true\n", encoding="utf-8")
    erp_repository.commit(place.root, "증거를 남긴다")
    place.forget()
    return place


def get(path: str) -> Any:
    """Ask the registry as any client does."""
    given = EcrRegistry(client("ecr"), Secrets()).sign_in()
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"}
    answer = requests.get(
        f"{given.endpoint}/v2/{path}", auth=(given.username, given.password), headers=accept, timeout=30
    )
    answer.raise_for_status()
    return answer.json()


def test_both_documents_lie_beside_the_image_and_the_image_stays_plain(place: Workplace) -> None:
    done = place.build(SERVICE)
    assert done.code == 0, done.stderr
    (target,) = (one for one in done.report["targets"] if one["name"] == SERVICE)
    digest, repository = target["built"], place.repository()
    names = [effect["name"] for effect in done.report["effects"]]
    assert names == ["package", "build_image", "push", "attest", "tag", "tag"]

    listed = {one["artifactType"]: one["digest"] for one in get(f"{repository}/referrers/{digest}")["manifests"]}
    assert listed == {SBOM_TYPE: target["evidence"]["sbom"], PROVENANCE_TYPE: target["evidence"]["provenance"]}
    documents = {}
    for kind, artifact in listed.items():
        manifest = get(f"{repository}/manifests/{artifact}")
        assert manifest["subject"]["digest"] == digest
        documents[kind] = get(f"{repository}/blobs/{manifest['layers'][0]['digest']}")
    assert sbom_fault(json.dumps(documents[SBOM_TYPE])) == ""
    assert documents[SBOM_TYPE]["metadata"]["component"]["name"] == f"{REGISTRY_HOST}/{repository}"
    statement = documents[PROVENANCE_TYPE]
    assert provenance_fault(statement) == ""
    definition = statement["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["commit"] == place.git("rev-parse", "HEAD")
    assert definition["internalParameters"]["builder"]

    image = get(f"{repository}/manifests/{place.tag}")
    assert "manifests" not in image
    assert {tag for tag in place.in_registry() if tag.startswith("sha256-")} == set()
