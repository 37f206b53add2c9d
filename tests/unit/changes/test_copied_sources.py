"""What a Dockerfile and a pom take into an image, and which of it no rule covers."""

import pytest

from erp_build.changes.copied_sources import (
    Inspection,
    Tree,
    Unclear,
    Uncovered,
    inspect,
    poms_of_target,
    uncovered_sources,
)
from erp_build.changes.modules.checkout import LyingPoms
from erp_build.changes.modules.uses import ModuleUses
from erp_build.changes.rules import Rules
from erp_build.config.load import parse_project
from erp_build.formats.dockerfile.sources import copied_sources
from erp_build.formats.maven.graph import read_graph
from erp_build.model.project import Project

CONFIG = 'shared = ["proto/**"]\n[[service]]\npath = "a"\ninputs = ["common/**"]\n'
FILES = ("a/src/A.java", "a/pom.xml", "proto/p", "common/c", "lib/one.jar", "lib/two.jar", "pom.xml")
LINK = "120000"


def modules_of(project: Project, texts: dict[str, str]) -> ModuleUses:
    """What the targets take by the poms of these texts."""
    poms = {path: text.encode() for path, text in texts.items() if path.endswith("pom.xml")}
    return ModuleUses([LyingPoms(read_graph(poms))], project.image_targets)


def missed(texts: dict[str, str], *files: str, links: dict[str, str] | None = None) -> list[Uncovered]:
    """What the rules miss in a tree with these texts and links."""
    project = parse_project(CONFIG)
    found = links or {}
    modes = dict.fromkeys((*FILES, *files, *texts), "100644") | dict.fromkeys(found, LINK)
    tree = Tree(modes, {**texts, **found})
    poms = poms_of_target(project.services[0], modules_of(project, texts))
    return list(uncovered_sources(project.services[0], Rules(project), tree, poms))


@pytest.mark.parametrize(
    ("dockerfile", "sources"),
    [
        pytest.param("COPY a b /dest", [(1, "a"), (1, "b")], id="two sources"),
        pytest.param("copy a /dest", [(1, "a")], id="in small letters"),
        pytest.param("FROM x\nADD a.tar /dest", [(2, "a.tar")], id="ADD"),
        pytest.param('COPY ["two words", "b", "/dest"]', [(1, "two words"), (1, "b")], id="a JSON array"),
        pytest.param("COPY --chown=1:1 --chmod=755 a /dest", [(1, "a")], id="flags"),
        pytest.param('COPY --chown=1:1 ["a", "/dest"]', [(1, "a")], id="flags before a JSON array"),
        pytest.param("COPY --from=build /app.jar /dest", [], id="from another stage"),
        pytest.param("COPY --chown=1 --from=0 /app.jar /dest", [], id="from another stage, after a flag"),
        pytest.param("RUN x\nCOPY a \\\n  b \\\n  /dest\nCOPY c /", [(2, "a"), (2, "b"), (5, "c")], id="continued"),
        pytest.param("COPY a \\\n# a comment\n\n  b /dest", [(1, "a"), (1, "b")], id="a comment in between"),
        pytest.param("ADD https://example.invalid/x a /dest", [(1, "a")], id="an address"),
        pytest.param("COPY <<EOF /dest\nhello\nEOF", [], id="a text in place"),
        pytest.param("COPY . /dest", [(1, ".")], id="everything"),
        pytest.param("COPY ./a/ /dest", [(1, "./a")], id="a slash at the end"),
        pytest.param("# COPY a b", [], id="a comment"),
        pytest.param("RUN echo COPY a b", [], id="the word elsewhere"),
        pytest.param('COPY ["broken', [], id="a broken JSON array"),
        pytest.param("COPY a", [], id="no destination"),
        pytest.param("RUN --mount=type=bind,source=../lib,target=/l x", [(1, "../lib")], id="a mount"),
        pytest.param(
            "RUN --mount=src=lib,target=/l --mount=type=cache,target=/c x", [(1, "lib")], id="a mount by default"
        ),
        pytest.param("RUN --mount=type=bind,target=/l x", [(1, ".")], id="a mount of everything"),
        pytest.param("RUN --mount=type=bind,from=build,source=/a x", [], id="a mount of another stage"),
        pytest.param("ARG JAR=lib/a.jar\nCOPY ${JAR} /", [(2, "lib/a.jar")], id="a variable with a default"),
        pytest.param("ARG JAR\nCOPY ${JAR} ${X:-y} /", [(2, "${JAR}"), (2, "y")], id="a variable without one"),
        pytest.param("", [], id="nothing"),
        pytest.param("COPY a \\", [], id="a file that ends in the middle"),
    ],
)
def test_the_sources_of_a_dockerfile_are_found_with_their_lines(
    dockerfile: str, sources: list[tuple[int, str]]
) -> None:
    assert list(copied_sources(dockerfile)) == sources


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        pytest.param("src", (), id="the service's own"),
        pytest.param(".", (), id="all of the service's own"),
        pytest.param("../common", (), id="an input"),
        pytest.param("../proto/p", (), id="a shared input"),
        pytest.param("target/app.jar", (), id="what Maven makes"),
        pytest.param("../nowhere", (), id="what is not there"),
        pytest.param("../lib", ("lib/one.jar", "lib/two.jar"), id="a directory of nobody"),
        pytest.param("../lib/o*.jar", ("lib/one.jar",), id="a wildcard"),
        pytest.param("../pom.xml", ("pom.xml",), id="a file of nobody"),
        pytest.param("src/../../pom.xml", ("pom.xml",), id="a roundabout way"),
    ],
)
def test_a_source_that_no_rule_covers_is_named(source: str, paths: tuple[str, ...]) -> None:
    found = missed({"a/Dockerfile": f"FROM x\nCOPY {source} /\n"})
    assert found == ([Uncovered("a", "a/Dockerfile", 2, source, paths)] if paths else [])


@pytest.mark.parametrize(
    ("target", "paths"),
    [
        pytest.param("A.java", (), id="inside the service"),
        pytest.param("../../lib/one.jar", ("lib/one.jar",), id="out of the service"),
        pytest.param("../../lib", ("lib",), id="to a directory out of the service"),
        pytest.param("../../proto/p", (), id="to a shared input"),
        pytest.param("../../common/c", (), id="to an input"),
        pytest.param("../gone", (), id="to nothing inside the service"),
    ],
)
def test_a_link_that_leaves_the_service_is_named(target: str, paths: tuple[str, ...]) -> None:
    found = missed({"a/Dockerfile": "COPY src /\n"}, links={"a/src/link": target})
    assert found == ([Uncovered("a", "a/Dockerfile", 1, "src", paths)] if paths else [])


@pytest.mark.parametrize(
    ("text", "reference", "paths"),
    [
        pytest.param("<relativePath>../pom.xml</relativePath>", "", (), id="a parent is the graph's"),
        pytest.param("<module>../lib</module>", "", (), id="a module is the graph's"),
        pytest.param("<dir>${project.basedir}/../lib</dir>", "../lib", ("lib/one.jar", "lib/two.jar"), id="basedir"),
        pytest.param("<dir>${basedir}/../lib</dir>", "../lib", ("lib/one.jar", "lib/two.jar"), id="short basedir"),
        pytest.param("<protoSourceRoot>../proto</protoSourceRoot>", "../proto", (), id="a shared input"),
        pytest.param("<dir>../common</dir>", "../common", (), id="an input"),
        pytest.param("<module>child</module>", "", (), id="nothing above"),
    ],
)
def test_a_path_upwards_in_a_pom_is_named(text: str, reference: str, paths: tuple[str, ...]) -> None:
    found = missed({"a/pom.xml": f"<project>\n{text}\n</project>\n"})
    assert found == ([Uncovered("a", "a/pom.xml", 2, reference, paths)] if paths else [])


def test_another_name_of_the_dockerfile_is_read() -> None:
    project = parse_project('[[service]]\npath = "a"\ndockerfile = "Dockerfile.prod"\n')
    texts = {"a/Dockerfile.prod": "COPY ../lib/one.jar /\n", "a/Dockerfile": "COPY ../pom.xml /\n"}
    tree = Tree(dict.fromkeys((*FILES, *texts), "100644"), texts)
    found = uncovered_sources(project.services[0], Rules(project), tree, ())
    assert [item.paths for item in found] == [("lib/one.jar",)]


def inspected(texts: dict[str, str], *files: str, links: dict[str, str] | None = None) -> Inspection:
    project = parse_project(CONFIG)
    modes = dict.fromkeys((*FILES, *files, *texts), "100644") | dict.fromkeys(links or {}, LINK)
    rules, modules = Rules(project), modules_of(project, texts)
    rules.modules = modules
    return inspect(project.image_targets, rules, Tree(modes, {**texts, **(links or {})}), modules)


PARENT = "<parent><groupId>g</groupId><artifactId>up</artifactId><version>1</version></parent>"
UP = "<groupId>g</groupId><artifactId>up</artifactId><version>1</version><packaging>pom</packaging>"


def test_parents_and_modules_are_covered_and_what_their_plugins_name_is_told_by_its_line() -> None:
    texts = {
        "a/pom.xml": f"<project>\n{PARENT}<artifactId>a</artifactId></project>",
        "pom.xml": f"<project>{UP}<modules><module>a</module><module>lib</module></modules>\n<dir>lib/../lib</dir>"
        "<dir>${basedir}/../x</dir>\n<dir>./../lib</dir></project>",
    }
    assert inspected(texts).uncovered == ()
    texts["pom.xml"] = f"<project>{UP}\n<dir>a/../lib</dir><dir>../x</dir></project>"
    assert inspected(texts).uncovered == ()
    texts["up/pom.xml"] = f"<project>{UP}\n<dir>${{basedir}}/../lib</dir></project>"
    texts["a/pom.xml"] = texts["a/pom.xml"].replace("</parent>", "<relativePath>../up</relativePath></parent>")
    del texts["pom.xml"]
    assert inspected(texts).uncovered == (Uncovered("a", "up/pom.xml", 2, "../lib", ("lib/one.jar", "lib/two.jar")),)


def test_a_link_that_nothing_copies_is_named_as_well() -> None:
    links = {"a/src/out": "../../lib", "a/src/in": "A.java", "b/out": "../lib", "a/etc": "/etc/x"}
    assert inspected({}, links=links).uncovered == (
        Uncovered("a", "a/src/out", 1, "../../lib", ("lib",)),
        Uncovered("a", "a/etc", 1, "/etc/x", ("../etc/x",)),
    )


def test_what_could_not_be_looked_at_is_said() -> None:
    found = inspected({"a/Dockerfile": "ARG JAR\nCOPY ${JAR} /\n"})
    assert found.unclear == (Unclear("a", "a/Dockerfile", 2, "${JAR}"),)
    assert (found.dockerfiles, found.poms, found.links, found.missing) == (1, 1, 0, ())
    assert inspected({}).missing == ("a/Dockerfile",)
