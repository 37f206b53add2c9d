"""`replay`: what a stretch of history would have built, a line for each pair."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from erp_build.changes.replay import replay
from erp_build.changes.rules import Rules
from erp_build.clients.git.repository import GitRepository
from erp_build.model.project import Project
from tests.support import small_reactor
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import CHART, EMPLOYEE, EVERYTHING, NOTIFICATION, REQUEST

N = "backend/notification-service"
R = "backend/approval-request-service"
E = "backend/employee-service"


@pytest.fixture(scope="module")
def history(erp_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, list[str]]:
    """Five commits: the first, one service, a merge of another, the chart, nobody's file; made once, only read."""
    root = tmp_path_factory.mktemp("replay") / "erp"
    erp = Checkout(Path(shutil.copytree(erp_template, root, symlinks=True)))
    commits = [erp.head(), erp.commit({f"{N}/new": "x"})]
    erp.git("checkout", "--quiet", "-b", "feature")
    erp.commit({f"{R}/one": "x"})
    erp.commit({f"{R}/two": "x"})
    erp.git("checkout", "--quiet", "main")
    erp.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    commits += [erp.head(), erp.commit({"helm-chart/new": "x"}), erp.commit({"docs/x": "x"})]
    return erp, commits


@pytest.fixture
def own_history(history: tuple[Checkout, list[str]], tmp_path: Path) -> Checkout:
    """The same for one test, which may go on with it."""
    return Checkout(Path(shutil.copytree(history[0].root, tmp_path / "erp", symlinks=True)))


def rows(out: str) -> list[tuple[str, str, list[str]]]:
    return [(row["base"], row["head"], row["changed"]) for row in map(json.loads, out.splitlines())]


def pair_file(folder: Path, *lines: str) -> Path:
    path = folder / "pairs.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    return path


def test_a_range_has_a_line_for_each_commit_along_first_parents(
    history: tuple[Checkout, list[str]], erp_build: CommandLine
) -> None:
    erp, commits = history
    answer = erp_build("replay", "--repo", erp.root, "--range", f"{commits[0]}..HEAD")
    assert answer.code == 0
    expected = [[NOTIFICATION], [REQUEST], [CHART], []]
    assert rows(answer.out) == list(zip(commits, commits[1:], expected, strict=False))


def test_a_range_from_the_root_leaves_out_the_commit_without_a_parent(
    history: tuple[Checkout, list[str]], erp_build: CommandLine
) -> None:
    erp, commits = history
    assert len(rows(erp_build("replay", "--repo", erp.root, "--range", "HEAD").out)) == len(commits) - 1


def test_an_empty_range_has_no_lines(history: tuple[Checkout, list[str]], erp_build: CommandLine) -> None:
    answer = erp_build("replay", "--repo", history[0].root, "--range", "HEAD..HEAD")
    assert (answer.code, answer.out) == (0, "")


@pytest.mark.parametrize("range_", ["nowhere..HEAD", "--output=/tmp/x", "--all", "a b", " "])
def test_a_range_that_names_no_commits_is_refused(
    history: tuple[Checkout, list[str]], range_: str, erp_build: CommandLine
) -> None:
    answer = erp_build("replay", "--repo", history[0].root, f"--range={range_}")
    assert answer.code == 2
    assert "erp_build: " in answer.err


def test_pairs_may_be_reversed_repeated_and_of_the_same_commit(
    history: tuple[Checkout, list[str]], tmp_path: Path, erp_build: CommandLine
) -> None:
    erp, (first, second, merge, *_, last) = history
    lines = (
        f"{first} {second}",
        f"{second} {first}",
        f"{last} {last}",
        "# a comment",
        "",
        "HEAD~1 main",
        f"{first} {merge}",
        f"{first} {second}",
    )
    answer = erp_build("replay", "--repo", erp.root, "--pairs", pair_file(tmp_path, *lines))
    assert answer.code == 0
    assert [changed for *_, changed in rows(answer.out)] == [
        [NOTIFICATION],
        [NOTIFICATION],
        [],
        [],
        [REQUEST, NOTIFICATION],
        [NOTIFICATION],
    ]


BAD = [
    pytest.param("HEAD", "1 words instead of BASE HEAD", id="one word"),
    pytest.param("HEAD HEAD HEAD", "3 words instead of BASE HEAD", id="three words"),
    pytest.param("HEAD nowhere", "git does not know nowhere", id="an unknown revision"),
    pytest.param("nowhere HEAD", "git does not know nowhere", id="an unknown base"),
    pytest.param("HEAD --batch", "git does not know --batch", id="what looks like an option"),
    pytest.param("HEAD HEAD:README.md", "git does not know HEAD:README.md", id="a file"),
    pytest.param("HEAD ^HEAD", "git does not know ^HEAD", id="an exclusion"),
    pytest.param("HEAD main^{tree}", "git does not know main^{tree}", id="a tree"),
    pytest.param(f"HEAD {'d' * 40}", f"git does not know {'d' * 40}", id="a commit that nobody has"),
    pytest.param("HEAD \udcb0\udca1", "git does not know \\udcb0\\udca1", id="bytes that are no UTF-8"),
]


@pytest.mark.parametrize(("line", "why"), BAD)
def test_a_bad_line_is_named_by_its_number_before_anything_is_printed(
    history: tuple[Checkout, list[str]], tmp_path: Path, line: str, why: str, erp_build: CommandLine
) -> None:
    pairs = pair_file(tmp_path, "HEAD~1 HEAD", "", line)
    answer = erp_build("replay", "--repo", history[0].root, "--pairs", pairs)
    assert answer.code == 2
    assert answer.out == ""
    assert f"line 3: {why}".encode() in answer.err.encode("utf-8", "backslashreplace")


@pytest.mark.parametrize(("line", "why"), BAD)
def test_keep_going_passes_over_bad_lines_and_still_ends_with_two(
    history: tuple[Checkout, list[str]], tmp_path: Path, line: str, why: str, erp_build: CommandLine
) -> None:
    erp, commits = history
    pairs = pair_file(tmp_path, line, f"{commits[0]} {commits[1]}", line, "HEAD~2 HEAD~1")
    answer = erp_build("replay", "--repo", erp.root, "--pairs", pairs, "--keep-going")
    assert answer.code == 2
    assert [changed for *_, changed in rows(answer.out)] == [[NOTIFICATION], [CHART]]
    for number in (1, 3):
        assert f"line {number}: {why}".encode() in answer.err.encode("utf-8", "backslashreplace")


def test_an_empty_pair_file_has_no_lines(
    history: tuple[Checkout, list[str]], tmp_path: Path, erp_build: CommandLine
) -> None:
    answer = erp_build("replay", "--repo", history[0].root, "--pairs", pair_file(tmp_path, "# nothing"))
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_a_pair_file_that_is_not_there_is_named(
    history: tuple[Checkout, list[str]], tmp_path: Path, erp_build: CommandLine
) -> None:
    answer = erp_build("replay", "--repo", history[0].root, "--pairs", tmp_path / "no.txt")
    assert answer.code == 2
    assert "the pair file cannot be read" in answer.err


def test_a_bare_repository_is_replayed_with_the_configuration_of_its_head(
    own_history: Checkout, tmp_path: Path, erp_build: CommandLine
) -> None:
    erp = own_history
    erp.commit({"erp-build.toml": f'[[service]]\nname = "only"\npath = "{N}"\n'})
    bare = erp.clone_to(tmp_path / "bare.git", "--bare")
    answer = erp_build("replay", "--repo", bare.root, "--range", "HEAD~5..HEAD")
    assert [changed for *_, changed in rows(answer.out)] == [["only"], [], [CHART], [], ["only"]]


def test_many_pairs_are_compared_by_one_process(history: tuple[Checkout, list[str]]) -> None:
    erp, commits = history
    started: list[str] = []

    class Counting(GitRepository):
        def _run(self, *arguments: str, **more: Any) -> tuple[int, bytes]:
            started.append(arguments[0])
            return super()._run(*arguments, **more)

    pairs = [(base, head) for base in commits for head in commits] * 40
    project = Project()
    assert len(list(replay(Counting(erp.root), project, Rules(project), pairs))) == 1000
    assert started == ["diff-tree"]


def test_coverage_sums_up_what_the_history_says_about_the_rules(own_history: Checkout, erp_build: CommandLine) -> None:
    erp = own_history
    erp.commit({f"{N}/new": "y", f"{E}/new": "y", "docs/x": "y"})
    answer = erp_build("replay", "--repo", erp.root, "--range", "HEAD~5..HEAD", "--coverage", "--json")
    assert answer.code == 0
    document = json.loads(answer.out)
    assert document["pairs"] == 5
    assert document["builds"] == {**dict.fromkeys(EVERYTHING, 1), "approval-processing-service": 0, NOTIFICATION: 2}
    assert document["unowned"] == {"docs/x": 2}
    assert document["together"] == [{"targets": [NOTIFICATION, EMPLOYEE], "times": 1}]
    assert {row["rule"] for row in document["silent"]} == {
        "backend/approval-processing-service/**",
        "shared: backend/proto/**",
    }
    assert document["uncovered"] == []


def test_coverage_in_words_names_what_the_rules_miss(own_history: Checkout, erp_build: CommandLine) -> None:
    erp = own_history
    erp.commit({f"{N}/Dockerfile": "FROM x\n\nCOPY ../common/lib.jar /\n", "backend/common/lib.jar": "x"})
    answer = erp_build("replay", "--repo", erp.root, "--range", "HEAD~5..HEAD", "--coverage")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "5 comparisons"
    assert f"      2  {NOTIFICATION}" in lines
    assert f"  {N}/Dockerfile:3  ../common/lib.jar: backend/common/lib.jar  ({NOTIFICATION})" in lines


def test_the_coverage_of_a_reactor_misses_nothing_and_names_what_the_graph_cannot_see(
    tmp_path: Path, erp_build: CommandLine
) -> None:
    folder = "backend/order-service"
    texts = small_reactor.files() | {f"{folder}/Dockerfile": "FROM x\nCOPY target/*.jar /\n"}
    reactor = Checkout.create(tmp_path / "r", **texts)
    words = ("replay", "--repo", reactor.root, "--range", "HEAD..HEAD", "--coverage", "--json")
    document = json.loads(erp_build(*words).out)
    assert (document["uncovered"], document["unclear"]) == ([], [])
    assert document["looked_at"]["poms"] == 4
    (reactor.root / "libs/common/notes").symlink_to("../../tools")
    dockerfile = "FROM x\nARG JAR\nRUN --mount=type=bind,source=../../tools,target=/t x\nCOPY ${JAR} /\n"
    reactor.commit({f"{folder}/Dockerfile": dockerfile, "tools/x": "x"})
    document = json.loads(erp_build(*words).out)
    assert {(one["target"], one["file"], one["line"]) for one in document["uncovered"]} == {
        ("order-service", f"{folder}/Dockerfile", 3),
        ("order-service", "libs/common/notes", 1),
        ("stock-service", "libs/common/notes", 1),
    }
    assert [(one["file"], one["line"], one["source"]) for one in document["unclear"]] == [
        (f"{folder}/Dockerfile", 4, "${JAR}")
    ]


def test_a_change_of_a_shared_module_is_replayed_as_one_of_its_users(tmp_path: Path, erp_build: CommandLine) -> None:
    reactor = Checkout.create(tmp_path / "r", **small_reactor.files())
    pairs = ""
    for number in range(3):
        base = reactor.head()
        head = reactor.commit(
            {"libs/base/x": f"{number}\n", "pom.xml": small_reactor.files()["pom.xml"] + "\n" * number}
        )
        pairs += f"{base} {head}\n{head} {base}\n"
    (tmp_path / "pairs").write_text(pairs, encoding="utf-8")
    answer = erp_build("replay", "--repo", reactor.root, "--pairs", tmp_path / "pairs")
    changed = [set(json.loads(line)["changed"]) for line in answer.out.splitlines()]
    users = {"order-service", "stock-service"}
    assert changed == [users, users, *[{*users, "mail-service"}] * 4]


def test_a_wide_context_and_maven_count_together(tmp_path: Path, erp_build: CommandLine) -> None:
    page = '[[service]]\npath = "page"\npackage = "none"\ncontext = "."\n'
    reactor = Checkout.create(
        tmp_path / "r",
        **small_reactor.files(),
        **{"page/Dockerfile": "FROM x\nCOPY bom/pom.xml page /p/\n", "page/index.html": "x"},
    )
    base = reactor.commit({"erp-build.toml": small_reactor.CONFIG + page})
    reactor.commit({"libs/common/x": "x"})
    reactor.commit({"bom/pom.xml": small_reactor.files()["bom/pom.xml"] + "\n"})
    words = ("replay", "--repo", reactor.root, "--range", f"{base}..HEAD")
    changed = [json.loads(line)["changed"] for line in erp_build(*words).out.splitlines()]
    users = ["order-service", "stock-service"]
    assert changed == [users, [*users, "mail-service", "page"]]
    coverage = json.loads(erp_build(*words, "--coverage", "--json").out)
    assert coverage["unowned"] == {}


def test_a_coverage_without_history_says_none(erp: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("replay", "--repo", erp.root, "--range", "HEAD..HEAD", "--coverage")
    assert answer.out.splitlines()[0] == "0 comparisons"
    assert answer.out.count("  none\n") == 2
    assert "  none in 0 Dockerfiles, 4 poms with all that they take, and 0 links\n" in answer.out
    assert "  backend/notification-service/Dockerfile is not there\n" in answer.out
