"""SBOM and provenance keep to their schemas, are the same for the same image, and are read by others' readers."""

import json
from dataclasses import replace
from typing import Any, cast

import google.protobuf.json_format
import pytest
from cyclonedx.model.bom import Bom
from hypothesis import Phase, given, settings
from hypothesis import strategies as some
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from erp_build.formats.evidence.provenance import provenance_fault, provenance_of
from erp_build.formats.evidence.sbom import oci_purl, sbom_fault, sbom_of, subject_of
from erp_build.model.images.evidence import Application, CheckOutcome, Library, Making

NAME, DIGEST, BASE = (
    "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/erp/a",
    f"sha256:{'a' * 64}",
    f"sha256:{'b' * 64}",
)
JAR = Library("target/a-1.jar", "a", "1", "com.erp", "c" * 64, "pom.properties")
CORE = Library("BOOT-INF/lib/core-2.jar", "core", "2", "org.x", "d" * 64, "pom.properties")
SPRING = Library("BOOT-INF/lib/spring-core-6.jar", "spring-core", "6", "", "e" * 64, "file name and manifest")
SHADED = Library("BOOT-INF/lib/big-3.jar", "big", "3", "g", "f" * 64, "pom.properties",
                 (Library("BOOT-INF/lib/big-3.jar", "small", "1", "h", known_by="pom.properties"),))  # fmt: skip
APPLICATION = Application("a", JAR, (CORE, SPRING, SHADED))
MAKING = Making(
    target="a",
    tag="1234567",
    commit="1" * 40,
    key="2" * 40,
    source="https://git.example.com/erp.git",
    dockerfile="backend/a/Dockerfile",
    package="maven",
    tests="compile",
    layers=True,
    builder="classic",
    base=("eclipse-temurin:17-jre", BASE),
    bases=(("eclipse-temurin:17-jre", BASE),),
    checks=(CheckOutcome("spotbugs", "passed", (("target/spotbugs.xml", "9" * 64),)), CheckOutcome("style", "warning")),
    started="2026-01-02T03:04:05.678Z",
    finished="2026-01-02T03:05:05.678Z",
    version="0.3.0",
)


def sbom(application: Application = APPLICATION, base: tuple[str, str] = MAKING.base) -> Any:
    content = sbom_of(NAME, DIGEST, base, application, "0.3.0")
    assert sbom_fault(content.decode()) == ""
    return json.loads(content)


def provenance(**other: Any) -> Any:
    found = json.loads(provenance_of(NAME, DIGEST, replace(MAKING, **other)))
    assert provenance_fault(found) == ""
    return found


def component(document: Any, name: str) -> Any:
    return next(one for one in document["components"] if one["name"] == name)


def test_a_bill_of_materials_lists_the_libraries_by_their_coordinates() -> None:
    found = sbom()
    assert component(found, "core")["purl"] == "pkg:maven/org.x/core@2"
    assert component(found, "core")["hashes"] == [{"alg": "SHA-256", "content": "d" * 64}]
    assert component(found, "big")["components"][0]["purl"] == "pkg:maven/h/small@1"


def test_a_library_without_a_group_has_no_package_url_and_says_how_it_is_known() -> None:
    found = component(sbom(), "spring-core")
    assert "purl" not in found
    assert {"name": "erp-build:known-by", "value": "file name and manifest"} in found["properties"]


def test_the_base_is_named_by_its_digest() -> None:
    assert component(sbom(), "eclipse-temurin:17-jre")["purl"] == (
        f"pkg:oci/eclipse-temurin@{BASE}?repository_url=docker.io/library/eclipse-temurin&tag=17-jre"
    )


def test_a_base_whose_digest_nobody_knows_says_so() -> None:
    found = component(sbom(base=("local/base", "")), "local/base")
    assert found["properties"] == [{"name": "erp-build:unknown", "value": "the digest of the base image is not known"}]


def test_the_application_stands_between_the_image_and_its_libraries() -> None:
    found = {one["ref"]: one.get("dependsOn", []) for one in sbom()["dependencies"]}
    image = next(ref for ref in found if ref.startswith(f"pkg:oci/a@{DIGEST}"))
    assert "target/a-1.jar" in found[image]
    assert found["target/a-1.jar"] == [SHADED.path, CORE.path, SPRING.path]


def test_an_image_without_a_jar_says_why_no_library_is_listed() -> None:
    found = sbom(Application("a", unknown="it is not made of a jar"))
    assert {one["type"] for one in found["components"]} == {"application", "container"}
    assert component(found, "a")["properties"] == [{"name": "erp-build:unknown", "value": "it is not made of a jar"}]


def test_the_subject_is_the_image() -> None:
    assert subject_of(sbom()) == (NAME, DIGEST)


def test_the_same_image_gives_the_same_bytes_in_any_order_of_its_libraries() -> None:
    turned = replace_libraries(APPLICATION, APPLICATION.libraries[::-1])
    assert sbom_of(NAME, DIGEST, MAKING.base, turned, "0.3.0") == sbom_of(
        NAME, DIGEST, MAKING.base, APPLICATION, "0.3.0"
    )
    assert "timestamp" not in sbom()["metadata"]


def replace_libraries(application: Application, libraries: tuple[Library, ...]) -> Application:
    return application._replace(libraries=libraries)


def test_another_image_has_another_number() -> None:
    other = json.loads(sbom_of(NAME, BASE, MAKING.base, APPLICATION, "0.3.0"))
    assert other["serialNumber"] != sbom()["serialNumber"]


def test_a_library_that_lies_there_twice_is_listed_twice() -> None:
    twice = APPLICATION._replace(libraries=(CORE, CORE._replace(path="BOOT-INF/lib/copy-of-core.jar")))
    names = [one["name"] for one in sbom(twice)["components"]]
    assert names.count("core") == 2


def test_an_image_whose_base_nobody_knows_says_so() -> None:
    said = sbom(base=("", ""))["metadata"]["component"]["properties"]
    assert said == [
        {"name": "erp-build:unknown", "value": "the image that it begins with is not known, or there is none"}
    ]


def test_cyclonedx_reads_its_own_document_back() -> None:
    # A decorator makes the method.
    found = cast("Any", Bom).from_json(sbom())
    assert {one.name for one in found.components} >= {"core", "spring-core", "big"}


words = some.text(max_size=20)


def libraries(within: some.SearchStrategy[tuple[Library, ...]]) -> some.SearchStrategy[Library]:
    known = some.sampled_from(["file name", "pom.properties"])
    return some.builds(
        Library, some.text(min_size=1, max_size=30), words, words, words, some.just("0" * 64), known, within
    )


inner = some.lists(libraries(some.just(())), max_size=2).map(tuple)


@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(some.lists(libraries(inner), max_size=4, unique_by=lambda one: one.path))
def test_any_names_make_a_bill_that_keeps_to_the_schema(found: list[Library]) -> None:
    sbom(APPLICATION._replace(libraries=tuple(found)))


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        ("erp/a:1", "pkg:oci/a?repository_url=docker.io/erp/a&tag=1"),
        ("localhost:5000/a", "pkg:oci/a?repository_url=localhost:5000/a"),
        (f"public.ecr.aws/x/y@{BASE}", "pkg:oci/y?repository_url=public.ecr.aws/x/y"),
        ("maven", "pkg:oci/maven?repository_url=docker.io/library/maven"),
    ],
)
def test_an_image_has_the_package_url_of_its_last_word(name: str, purl: str) -> None:
    assert oci_purl(name, "").to_string() == purl


def test_a_statement_is_one_for_the_readers_of_in_toto_and_slsa() -> None:
    found = provenance()
    statement = google.protobuf.json_format.ParseDict(found, statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    google.protobuf.json_format.ParseDict(found["predicate"], provenance_pb2.Provenance())


def test_a_statement_says_what_was_built_of_what_and_by_whom() -> None:
    found = provenance()["predicate"]
    assert found["buildDefinition"]["resolvedDependencies"] == [
        {"name": "source", "uri": "git+https://git.example.com/erp.git", "digest": {"gitCommit": "1" * 40}},
        {
            "name": "docker.io/library/eclipse-temurin:17-jre",
            "uri": f"pkg:oci/eclipse-temurin@{BASE}?repository_url=docker.io/library/eclipse-temurin&tag=17-jre",
            "digest": {"sha256": "b" * 64},
        },
    ]
    assert found["buildDefinition"]["internalParameters"]["key"] == "2" * 40
    assert found["runDetails"]["builder"] == {"id": "urn:erp-build:builder:classic", "version": {"erp_build": "0.3.0"}}
    assert found["runDetails"]["metadata"] == {"startedOn": MAKING.started, "finishedOn": MAKING.finished}


def test_a_statement_has_the_outcome_of_every_check_and_the_digests_of_what_it_left() -> None:
    assert provenance()["predicate"]["runDetails"]["byproducts"] == [
        {"name": "check spotbugs", "annotations": {"outcome": "passed"}},
        {"name": "check spotbugs: target/spotbugs.xml", "digest": {"sha256": "9" * 64}},
        {"name": "check style", "annotations": {"outcome": "warning"}},
    ]


def test_a_checkout_that_differs_from_its_commit_is_no_source_with_a_digest() -> None:
    found = provenance(commit=f"{'1' * 40}-dirty")["predicate"]["buildDefinition"]
    assert [one["name"] for one in found["resolvedDependencies"]] == ["docker.io/library/eclipse-temurin:17-jre"]
    assert found["externalParameters"]["commit"] == f"{'1' * 40}-dirty"


@pytest.mark.parametrize(
    "other",
    [
        {"source": ""},
        {"source": "git@github.com:erp/erp.git"},
        {"bases": ()},
        {"bases": (("local", ""),)},
        {"checks": ()},
        {"builder": ""},
        {"key": ""},
    ],
    ids=str,
)
def test_what_is_not_known_is_left_out_and_the_statement_stays_one(other: dict[str, Any]) -> None:
    provenance(**other)


@pytest.mark.parametrize(
    "path",
    [
        ("_type",),
        ("subject",),
        ("subject", 0, "digest"),
        ("predicate", "buildDefinition", "buildType"),
        ("predicate", "buildDefinition", "externalParameters", "commit"),
        ("predicate", "runDetails", "builder", "id"),
        ("predicate", "runDetails", "metadata", "startedOn"),
    ],
    ids=lambda path: "/".join(map(str, path)),
)
def test_a_statement_without_one_of_its_parts_is_none(path: tuple[str | int, ...]) -> None:
    whole = provenance()
    part = whole
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    assert provenance_fault(whole).startswith("it does not keep to the schema")


def test_what_is_no_object_is_no_statement_and_no_bill() -> None:
    assert provenance_fault([]) == "it does not keep to the schema: [] is not of type 'object'"
    assert sbom_fault("[]").startswith("it does not keep to CycloneDX 1.6")
