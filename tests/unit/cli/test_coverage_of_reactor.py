"""`replay --coverage` of a reactor: nothing is missed where nothing is, and what the poms cannot tell has its line."""

import json
from pathlib import Path

import pytest

from tests.support import small_reactor
from tests.support.cli import CommandLine
from tests.support.git import Checkout

MISSED, UNSEEN = "Copied into an image, but matched by no rule of its target", "Could not be looked at"
NOTHING = "none in 4 Dockerfiles, 4 poms with all that they take, and {} links"
ORDER = "backend/order-service"
FOLDERS = (*(f"backend/{name}-service" for name in small_reactor.SERVICES), "alone")
JAR = "FROM x\nCOPY target/*.jar /app.jar\n"


@pytest.fixture
def reactor(tmp_path: Path) -> Checkout:
    """The small reactor, each service with a Dockerfile that takes its jar, and a folder of nobody."""
    dockerfiles = {f"{folder}/Dockerfile": JAR for folder in FOLDERS}
    return Checkout.create(tmp_path / "r", **small_reactor.files(), **dockerfiles, **{"tools/x": "x"})


def said(reactor: Checkout, erp_build: CommandLine) -> dict[str, list[str]]:
    """Heading -> the lines below it."""
    answer = erp_build("replay", "--repo", reactor.root, "--range", "HEAD..HEAD", "--coverage")
    assert answer.code == 0
    found: dict[str, list[str]] = {}
    for line in answer.out.splitlines():
        if line.startswith("  "):
            found[next(reversed(found))].append(line.strip())
        else:
            found[line] = []
    return found


def test_of_what_poms_name_nothing_is_missed_and_it_is_said_what_was_looked_at(
    reactor: Checkout, erp_build: CommandLine
) -> None:
    found = said(reactor, erp_build)
    assert found[MISSED] == [NOTHING.format(0)]
    assert UNSEEN not in found


def test_nothing_is_missed_because_a_change_of_each_file_builds_somebody(
    reactor: Checkout, erp_build: CommandLine
) -> None:
    base, texts = reactor.head(), small_reactor.files()
    # What the parent, the BOM and the modules hold; a service's own files need no graph.
    shared = [path for path in texts if path.startswith(("libs/", "bom/")) and "/src/" not in path]
    shared += ["pom.xml", "libs/base/src/main/App.java", "libs/common/src/main/App.java"]
    for path in shared:
        reactor.commit({path: f"{texts[path]}\n"})
    words = ("replay", "--repo", reactor.root, "--range", f"{base}..HEAD")
    built = [json.loads(line)["changed"] for line in erp_build(*words).out.splitlines()]
    assert [path for path, targets in zip(shared, built, strict=True) if "order-service" not in targets] == []
    assert json.loads(erp_build(*words, "--coverage", "--json").out)["unowned"] == {}


@pytest.mark.parametrize(
    ("line", "missed"),
    [
        pytest.param("RUN --mount=type=bind,source=../../tools,target=/t x", "../../tools: tools/x", id="a bind mount"),
        pytest.param("RUN --mount=src=../../tools,dst=/t x", "../../tools: tools/x", id="a bind mount by default"),
        pytest.param("COPY ../../tools/x /x", "../../tools/x: tools/x", id="a copy"),
        pytest.param("COPY ${DIR} /x", "../../tools: tools/x", id="an argument with a default"),
        pytest.param("RUN --mount=type=bind,from=x,source=/tools,target=/t x", "", id="a mount of an image"),
        pytest.param("COPY --from=x /tools /x", "", id="a copy of an image"),
        pytest.param("COPY ../../libs/common/pom.xml /x", "", id="a file of a module"),
    ],
)
def test_what_a_dockerfile_takes_beside_its_modules_is_named_by_its_line(
    reactor: Checkout, erp_build: CommandLine, line: str, missed: str
) -> None:
    reactor.commit({f"{ORDER}/Dockerfile": f"FROM x\nARG DIR=../../tools\n{line}\n"})
    told = f"{ORDER}/Dockerfile:3  {missed}  (order-service)" if missed else NOTHING.format(0)
    assert said(reactor, erp_build)[MISSED] == [told]


def test_an_argument_without_a_default_is_named_as_what_nobody_could_look_at(
    reactor: Checkout, erp_build: CommandLine
) -> None:
    reactor.commit({f"{ORDER}/Dockerfile": "FROM x\nARG FILE\nCOPY ${FILE} /x\n"})
    assert said(reactor, erp_build)[UNSEEN] == [f"{ORDER}/Dockerfile:3  ${{FILE}} has no default  (order-service)"]


@pytest.mark.parametrize(
    ("folder", "users"),
    [("libs/common", ["order-service", "stock-service"]), (ORDER, ["order-service"]), ("tools", [])],
)
def test_a_link_out_of_a_module_is_named_for_each_of_its_users(
    reactor: Checkout, erp_build: CommandLine, folder: str, users: list[str]
) -> None:
    reactor.write("other/y", "y")
    (reactor.root / folder / "link").symlink_to(Path("../" * (folder.count("/") + 1)) / "other")
    reactor.commit({})
    way = "../" * (folder.count("/") + 1)
    wanted = [f"{folder}/link:1  {way}other: other  ({user})" for user in users]
    assert said(reactor, erp_build)[MISSED] == (wanted or [NOTHING.format(1)])
