"""A module that no other pom names has no users: its text tells it, or the graph is asked."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erp_build.changes.modules.poms import owners_without_users
from erp_build.formats.maven.graph import read_graph
from erp_build.formats.maven.mentions import INHERITED, MODULE_OF, NAMED, names_in, uses_of_names
from tests.support.reactor_edits import graph_files
from tests.support.reactor_shapes import GeneratedReactor

GROUP = "<groupId>g</groupId>"
OWN = f"{GROUP}<artifactId>own</artifactId>"


def uses(poms: Mapping[str, bytes]) -> dict[str, int] | None:
    return uses_of_names({path: names_in(path, content) for path, content in poms.items()})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<project><artifactId>${name}</artifactId></project>", id="a property in its name"),
        pytest.param(f"<project>{OWN}<x><artifactId>a-${{b}}</artifactId></x></project>", id="one in another name"),
        pytest.param("<project><artifactId>&#111;wn</artifactId></project>", id="a letter by its number"),
        pytest.param(f"<project>{OWN}<a><![CDATA[<b>]]></a></project>", id="a text that is no XML"),
        pytest.param(f"<!DOCTYPE project []><project>{OWN}</project>", id="a declaration of its own"),
        pytest.param("<project></project>", id="no name"),
        pytest.param("<project><artifactId>own</artifactId></project>", id="no group"),
        pytest.param(f"<project>{OWN}", id="cut off"),
        pytest.param("no pom", id="no XML"),
        pytest.param("", id="empty"),
        pytest.param(f"<project>{OWN}<parent><groupId>g</groupId></parent></project>", id="a parent without a name"),
        pytest.param(
            f"<project>{OWN}<modules><module>${{m}}</module></modules></project>", id="a module by a property"
        ),
        pytest.param(
            f"<project>{OWN}<modules><module>a.xml</module></modules></project>", id="a module in another file"
        ),
        pytest.param(
            f"<project>{OWN}<parent><artifactId>p</artifactId><relativePath>../p.xml</relativePath></parent></project>",
            id="a parent in another file",
        ),
        pytest.param("<p:project xmlns:p='x'><p:artifactId>own</p:artifactId></p:project>", id="a prefix"),
    ],
)
def test_a_text_that_leaves_a_doubt_is_left_to_the_graph(text: str) -> None:
    assert names_in("a/pom.xml", text.encode()) is None
    assert uses({"a/pom.xml": text.encode(), "b/pom.xml": f"<project>{OWN}</project>".encode()}) is None


def test_another_encoding_is_left_to_the_graph() -> None:
    assert names_in("pom.xml", f"<project>{OWN}</project>".encode("utf-16")) is None


def test_a_pom_is_named_as_a_dependency_a_parent_or_a_module() -> None:
    named = "<dependencies><dependency><artifactId>lib</artifactId></dependency></dependencies>"
    parent = "<parent><artifactId>up</artifactId><relativePath>../pom.xml</relativePath></parent>"
    poms = {
        "pom.xml": f"<project>{GROUP}<artifactId>up</artifactId><modules><module>app</module></modules></project>",
        "app/pom.xml": f"<project>{parent}{named}<artifactId> app </artifactId></project>",
        "lib/pom.xml": f"<project><!-- <artifactId>app</artifactId> -->{GROUP}<artifactId>lib</artifactId></project>",
        "alone/pom.xml": f"<project>{GROUP}<artifactId>alone</artifactId><x>${{project.artifactId}}</x></project>",
        ".mvn/extensions.xml": "<extensions><extension><artifactId>alone</artifactId></extension></extensions>",
    }
    found = uses({path: text.encode() for path, text in poms.items()})
    assert found == {
        "pom.xml": INHERITED,
        "app/pom.xml": MODULE_OF,
        "lib/pom.xml": NAMED,
        "alone/pom.xml": NAMED,
        ".mvn/extensions.xml": 0,
    }
    assert owners_without_users(found, "app/src/x") == ("app",)
    assert owners_without_users(found, "lib/src/x") is None
    assert owners_without_users(found, "pom.xml") is None
    assert owners_without_users(found, "notes.txt") == ("",)


def held_to_the_graph(poms: Mapping[str, bytes], paths: list[str]) -> int:
    """Compare both answers; returns how many needed no graph."""
    found, graph, short = uses(poms), read_graph(poms), 0
    for path in paths if found is not None else ():
        owners = owners_without_users(found or {}, path)
        if owners is not None and not graph.unclear:
            assert set(owners) == set(graph.users_of(path)), path
            short += 1
    return short


@pytest.mark.parametrize("seed", range(6))
def test_a_generated_reactor_has_the_users_that_the_graph_finds(seed: int) -> None:
    made = GeneratedReactor(seed, 24)
    poms = graph_files(made)
    held_to_the_graph(poms, [path for one in made.modules for path in (one.pom, one.source)])


DEPENDENCY = (
    "<dependency><groupId>g</groupId><artifactId>{}</artifactId><type>pom</type><scope>import</scope></dependency>"
)
PARTS = st.sampled_from(
    [
        "<dependencies><dependency><groupId>g</groupId><artifactId>{}</artifactId></dependency></dependencies>",
        "<build><plugins><plugin><groupId>g</groupId>\n<artifactId> {} </artifactId></plugin></plugins></build>",
        f"<dependencyManagement><dependencies>{DEPENDENCY}</dependencies></dependencyManagement>",
        f"<profiles><profile><dependencies>{DEPENDENCY}</dependencies></profile></profiles>",
        "<!-- <artifactId>{}</artifactId> -->",
        "<modules><module>../{}</module></modules>",
        "<parent><groupId>g</groupId><artifactId>{}</artifactId><version>1</version></parent>",
    ]
)
NAMES = st.sampled_from("abcdef")


@st.composite
def trees(draw: st.DrawFn) -> dict[str, bytes]:
    """Poms whose own name stands somewhere among what they take."""
    poms = {}
    for name in "abcdef":
        parts = [text.format(other) for text, other in draw(st.lists(st.tuples(PARTS, NAMES), max_size=3))]
        if sum("<parent>" in part for part in parts) > 1:
            continue
        parts.insert(draw(st.integers(0, len(parts))), f"<groupId>g</groupId><artifactId>{name}</artifactId>")
        poms[f"{name}/pom.xml"] = f"<project><version>1</version>{''.join(parts)}</project>".encode()
    return poms


@settings(max_examples=150, deadline=None)
@given(poms=trees())
def test_any_tree_has_the_users_that_the_graph_finds(poms: dict[str, bytes]) -> None:
    held_to_the_graph(poms, [*poms, *(path.replace("pom.xml", "src/x") for path in poms)])
