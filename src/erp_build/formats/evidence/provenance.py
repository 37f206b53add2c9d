"""How an image was made: an in-toto Statement v1 with the predicate of SLSA's provenance v1, as JSON.

What SLSA leaves to a builder stands here: `EXTERNAL` are the wishes of whoever built, `INTERNAL` our own decisions. A
check is a by-product, with its outcome as an annotation. No value of an argument or of a variable is written: the
commit has them, and a secret must not get here by one of them.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from erp_build.formats.evidence.sbom import oci_purl
from erp_build.formats.image_name import full_name
from erp_build.model.commit import is_full_commit
from erp_build.model.images.evidence import CheckOutcome, Making

STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:erp-build:image:1"
BUILDER = "urn:erp-build:builder"
"""What built it; the builder's own name follows."""


def provenance_of(name: str, digest: str, making: Making) -> bytes:
    """The statement about an image: `name` is host and repository, `digest` that of its manifest."""
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": _sha256(digest)}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "source": making.source,
                    "commit": making.commit,
                    "target": making.target,
                    "tag": making.tag,
                    "dockerfile": making.dockerfile,
                },
                "internalParameters": {
                    "key": making.key,
                    "builder": making.builder,
                    "package": making.package,
                    "tests": making.tests,
                    "layers": making.layers,
                },
                "resolvedDependencies": [*_source(making), *_bases(making)],
            },
            "runDetails": {
                "builder": {"id": f"{BUILDER}:{making.builder or 'unknown'}", "version": {"erp_build": making.version}},
                "metadata": {"startedOn": making.started, "finishedOn": making.finished},
                "byproducts": [entry for check in making.checks for entry in _check(check)],
            },
        },
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def provenance_fault(document: object) -> str:
    """Why a document is no statement of ours by its schema; empty: it is one."""
    error = next(iter(_validator().iter_errors(document)), None)
    if error is None:
        return ""
    place = "/".join(map(str, error.absolute_path))
    return f"it does not keep to the schema{f' at {place}' if place else ''}: {error.message:.200}"


def schema_text() -> str:
    """The JSON Schema of our statements: in-toto's and SLSA's fields, as far as we write them."""
    return (files("erp_build") / "schemas" / "provenance-1.json").read_text(encoding="utf-8")


@cache
def _validator() -> Any:
    # Imported here: it takes a tenth of a second.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema_text()))


def _source(making: Making) -> Iterator[dict[str, Any]]:
    """The commit; a checkout that differs from it is none that can be named."""
    if is_full_commit(making.commit):
        address = {"uri": f"git+{making.source}" if "://" in making.source else making.source} if making.source else {}
        yield {"name": "source", "digest": {"gitCommit": making.commit}, **address}


def _bases(making: Making) -> Iterator[dict[str, Any]]:
    for name, digest in making.bases:
        known = {"digest": _sha256(digest)} if digest else {}
        yield {"name": full_name(name), "uri": oci_purl(name, digest).to_string(), **known}


def _check(check: CheckOutcome) -> Iterator[dict[str, Any]]:
    yield {"name": f"check {check.name}", "annotations": {"outcome": check.outcome}}
    for path, sha256 in check.reports:
        yield {"name": f"check {check.name}: {path}", "digest": {"sha256": sha256}}


def _sha256(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix("sha256:")}
