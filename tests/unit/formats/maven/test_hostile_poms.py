"""Whatever stands in a pom, reading it ends soon and without an error; what it does not say is told."""

import time
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erp_build.formats.maven.graph import MavenGraph, read_graph
from erp_build.formats.maven.pom import pom_or_why, read_pom
from tests.support.reactor_edits import graph_files
from tests.support.reactor_shapes import GeneratedReactor

MAX_SECONDS = 5.0
NAME = "<groupId>com.erp</groupId><artifactId>a</artifactId><version>1</version>"


def pom(inside: str) -> bytes:
    return f"<project>{NAME}{inside}</project>".encode()


def bomb() -> bytes:
    """Entities that stand for ten times the one before."""
    entities = "".join(f'<!ENTITY e{place} "{f"&e{place - 1};" * 10}">' for place in range(1, 12))
    return f'<!DOCTYPE x [<!ENTITY e0 "0123456789">{entities}]><project><name>&e11;</name></project>'.encode()


HOSTILE: Mapping[str, bytes] = {
    "nothing": b"",
    "bytes": bytes(range(256)),
    "entities of entities": bomb(),
    "an entity of a file": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><project><name>&e;</name></project>',
    "an encoding that nobody knows": b'<?xml version="1.0" encoding="no-such"?><project/>',
    "an encoding that is none of texts": b'<?xml version="1.0" encoding="hex"?><project/>',
    "an encoding that it does not have": b'<?xml version="1.0" encoding="UTF-16"?><project/>',
    "half a letter": b"<project><name>\xec\xa3</name></project>",
    "a cut file": pom("<dependencies><dependency>")[:-20],
}
"""What nobody can read."""

ODD: Mapping[str, bytes] = {
    "deep elements": pom("<x>" * 50_000 + "</x>" * 50_000),
    "deep configuration": pom(f"<build><plugins><plugin>{'<x>' * 50_000}{'</x>' * 50_000}</plugin></plugins></build>"),
    "properties that double": pom(
        "<properties>" + "".join(f"<p{n}>${{p{n + 1}}}${{p{n + 1}}}</p{n}>" for n in range(60)) + "</properties>"
        "<dependencies><dependency><groupId>${p0}</groupId><artifactId>${p0}</artifactId></dependency></dependencies>"
    ),
    "a property that is itself": pom(
        "<properties><x>${x}</x></properties><modules><module>${x}</module></modules>"
        "<dependencies><dependency><groupId>${x}</groupId><artifactId>${x}</artifactId></dependency></dependencies>"
    ),
    "properties of many profiles": pom(
        "<profiles>"
        + "".join(f"<profile><properties><x>{n}</x></properties></profile>" for n in range(300))
        + "</profiles>"
        f"<dependencies><dependency><groupId>{'${x}' * 100}</groupId><artifactId>${{x}}</artifactId></dependency>"
        "</dependencies>"
    ),
    "paths to anywhere": pom(
        "<modules><module>/etc</module><module>../../..</module><module>.</module><module>C:\\x</module></modules>"
        "<parent><relativePath>/etc/passwd</relativePath></parent>"
    ),
    "nothing inside": b"<project/>",
    "empty elements": b"<project><parent/><modules/><build/><dependencies><dependency/></dependencies></project>",
    "elements where texts belong": pom("<packaging><x/></packaging><properties><a><b>1</b></a></properties>"),
    "names of letters": pom("<name>&copy; &eacute; &amp; &lt;</name>"),
    "a document type": b"<!DOCTYPE project>" + pom(""),
}
"""What can be read, and should end."""


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_nobody_can_read_is_told(content: bytes) -> None:
    graph = timed({"order/pom.xml": content, "common/pom.xml": pom("")})

    assert list(graph.unclear) == ["order/pom.xml"]
    assert [one.path for one in graph.inputs_of("common")] == ["order"]


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_what_can_be_read_ends_soon(content: bytes) -> None:
    graph = timed({"order/pom.xml": content, "common/pom.xml": pom("")})

    assert read_pom(content) is not None
    assert all(not one.path.startswith(("/", "..")) for one in graph.inputs_of("order"))


def test_names_of_letters_are_known_as_maven_knows_them() -> None:
    found = read_pom(b"<project><artifactId>caf&eacute;</artifactId></project>")

    assert found is not None
    assert found.artifact == "caf\u00e9"


def test_a_name_that_stands_for_no_letter_is_refused_as_maven_refuses_it() -> None:
    found = pom_or_why(b"<project><artifactId>caf&unknown;</artifactId></project>")

    assert str(found).startswith("it is no XML: undefined entity")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_pom_is_never_an_error(data: st.DataObject) -> None:
    files = graph_files(GeneratedReactor(1, 40))
    for path in data.draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=5, unique=True)):
        content = files[path]
        at = data.draw(st.integers(0, len(content)))
        until = data.draw(st.integers(at, min(len(content), at + 200)))
        files[path] = content[:at] + data.draw(st.binary(max_size=8) | st.sampled_from(WORDS)) + content[until:]

    graph = read_graph(files)

    for folder in {path.rpartition("/")[0] for path in files}:
        graph.inputs_of(folder)
        graph.needed_by(folder)
        graph.root_of(folder)
        graph.users_of(f"{folder}/src/A.java")


WORDS = [
    b"<modules><module>..</module></modules>",
    b"<parent>",
    b"${project.version}",
    b"<!--",
    b"]]>",
    b"<packaging>pom</packaging>",
]
"""What damages a pom so that it may still be one."""


def timed(files: Mapping[str, bytes]) -> MavenGraph:
    """The graph of some files, which must be there soon."""
    start = time.process_time()
    graph = read_graph(files)
    assert time.process_time() - start < MAX_SECONDS
    return graph
