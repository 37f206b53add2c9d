"""`explain`: whom a path belongs to."""

import io
import json

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import CHART, NOTIFICATION

N = "backend/notification-service"


@pytest.fixture
def project(erp: Checkout) -> Checkout:
    text = f'ignore = ["*.md"]\nshared = ["proto/**"]\n[[service]]\npath = "{N}"\ninputs = ["pom.xml"]\n'
    erp.write("erp-build.toml", text)
    return erp


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(f"{N}/x", f"-> {N}/** -> {NOTIFICATION}: a change builds it", id="a service's"),
        pytest.param("pom.xml", f"-> input: pom.xml -> {NOTIFICATION}: a change builds it", id="an input"),
        pytest.param("proto/a", f"-> shared: proto/** -> {NOTIFICATION}: a change builds it", id="shared"),
        pytest.param("erp-build.toml", "-> build configuration: erp-build.toml -> ", id="the configuration"),
        pytest.param("helm-chart/x", f"-> helm-chart/** -> {CHART}: a change redeploys every EKS service", id="chart"),
        pytest.param(f"{N}/README.md", "is ignored", id="ignored"),
        pytest.param("docs/x", "belongs to no target: a change builds nothing", id="nobody's"),
        pytest.param(f"{N}-v2/x", "belongs to no target", id="a sibling with the same beginning"),
        pytest.param(f"/{N}/", f"-> {NOTIFICATION}", id="with slashes at both ends"),
    ],
)
def test_a_path_is_explained(project: Checkout, path: str, text: str, erp_build: CommandLine) -> None:
    answer = erp_build("explain", "--repo", project.root, path)
    assert answer.code == 0
    first, second = answer.out.splitlines()
    assert first == path
    assert text in second


def test_many_paths_are_explained_as_json(project: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("explain", "--repo", project.root, "--json", f"{N}/x", "a.md", "docs/설계")
    assert json.loads(answer.out) == {
        "schema": 1,
        "paths": [
            {"path": f"{N}/x", "owners": {NOTIFICATION: f"{N}/**"}, "ignored": False},
            {"path": "a.md", "owners": {}, "ignored": True},
            {"path": "docs/설계", "owners": {}, "ignored": False},
        ],
    }


def test_a_path_need_not_exist_nor_the_repository_have_a_commit(project: Checkout, erp_build: CommandLine) -> None:
    assert erp_build("explain", "--repo", project.root, f"{N}/not/yet").code == 0


def test_without_a_path_the_usage_is_shown(project: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("explain", "--repo", project.root)
    assert answer.code == 2
    assert "usage: erp-build explain" in answer.err


def test_an_escape_sequence_in_a_path_does_not_reach_the_terminal(project: Checkout, erp_build: CommandLine) -> None:
    assert "\x1b" not in erp_build("explain", "--repo", project.root, "\x1b[2Jx").out


FORMS = [
    pytest.param("./proto/a", "", "proto/a", id="with a dot"),
    pytest.param("proto//a", "", "proto/a", id="two slashes"),
    pytest.param("backend/../proto/a", "", "proto/a", id="up and down again"),
    pytest.param("ROOT/proto/a", "", "proto/a", id="absolute"),
    pytest.param("ROOT/./proto/../proto/a", "backend", "proto/a", id="absolute with dots, from a folder"),
    pytest.param("../proto/a", "backend", "proto/a", id="from a folder"),
    pytest.param("notification-service/pom.xml", "backend", f"{N}/pom.xml", id="a file of the folder"),
    pytest.param("notification-service/not/yet", "backend", f"{N}/not/yet", id="of the folder, not there yet"),
    pytest.param(f"{N}/pom.xml", "backend", f"{N}/pom.xml", id="from the root, as git diff prints it"),
    pytest.param(r'"proto/\352\262\260\354\236\254.proto"', "", "proto/결재.proto", id="in git's quotes"),
    pytest.param(r'"proto/a\tb\"c\\d"', "", 'proto/a\tb"c\\d', id="with git's escapes"),
    pytest.param('"', "", '"', id="a file that is named by a quote"),
]


@pytest.mark.parametrize(("given", "folder", "path"), FORMS)
def test_a_path_may_be_written_as_one_writes_it(
    project: Checkout, given: str, folder: str, path: str, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root / folder)
    document = json.loads(erp_build("explain", "--json", given.replace("ROOT", str(project.root))).out)
    assert [row["path"] for row in document["paths"]] == [path]
    owned = path.startswith(("proto/", N))
    assert (document["paths"][0]["owners"] != {}) == owned


@pytest.mark.parametrize("given", ["..", "../x", ".", "backend/../..", "/etc/passwd", "/", "a\0b"])
def test_a_path_outside_of_the_repository_is_refused(project: Checkout, given: str, erp_build: CommandLine) -> None:
    answer = erp_build("explain", "--repo", project.root, given)
    assert answer.code == 2
    assert "a path is none of the repository" in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(
    ("words", "content"),
    [
        (("-z", "-"), b"proto/\xea\xb2\xb0\xec\x9e\xac.proto\0proto/a\nb\0"),
        (("-",), rb'"proto/\352\262\260\354\236\254.proto"' + b"\n" + rb'"proto/a\nb"' + b"\n"),
    ],
    ids=["with NUL", "by lines"],
)
def test_paths_of_stdin_are_from_the_root(
    project: Checkout, words: tuple[str, ...], content: bytes, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root / "backend")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    document = json.loads(erp_build("explain", "--json", *words).out)
    assert [row["path"] for row in document["paths"]] == ["proto/결재.proto", "proto/a\nb"]
    assert all(row["owners"] for row in document["paths"])


def test_nul_without_stdin_is_a_mistake(project: Checkout, erp_build: CommandLine) -> None:
    assert erp_build("explain", "--repo", project.root, "-z", "proto/a").code == 2
