"""What counts as an input where the build context is more than the service's own directory."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.changes.build_context.at_commit import rules_at
from erp_build.changes.build_context.taken import excluded_by, taken_by
from erp_build.changes.replay import replay
from erp_build.changes.rules import Rules
from erp_build.changes.target_keys import target_keys
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import load_project, parse_project
from erp_build.model.project import FILE_NAME, Project
from tests.support.detection import changed
from tests.support.git import Checkout

TEXT = """\
[[service]]
path = "apps/web"
package = "none"
context = "."
[[service]]
path = "apps/api"
package = "none"
[chart]
path = "chart"
"""
FILES = {
    "apps/web/Dockerfile": "FROM node:22\nARG APP\nCOPY package.json libs/ui/ ./\nCOPY apps/web/src src\n",
    "apps/web/src/index.ts": "x\n",
    "apps/api/Dockerfile": "FROM node:22\nCOPY . .\n",
    "apps/api/index.ts": "x\n",
    "package.json": "{}\n",
    "libs/ui/button.ts": "x\n",
    "libs/other/x.ts": "x\n",
    "docs/a.md": "x\n",
    "chart/values-dev.yaml": "x: 1\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.create(tmp_path / "r", **FILES, **{FILE_NAME: TEXT})


def whom(checkout: Checkout, files: dict[str, str]) -> set[str]:
    """The targets that a commit of these files changes."""
    base = checkout.head()
    checkout.commit(files)
    return set(changed(checkout.root, base))


@pytest.mark.parametrize(
    ("path", "targets"),
    [
        ("package.json", {"web"}),
        ("libs/ui/button.ts", {"web"}),
        ("libs/ui/new/x.ts", {"web"}),
        ("libs/other/x.ts", set()),
        ("docs/a.md", set()),
        ("apps/web/README.md", {"web"}),
        ("apps/api/index.ts", {"api"}),
        (".dockerignore", {"web"}),
        ("apps/web/Dockerfile.dockerignore", {"web"}),
    ],
)
def test_a_change_counts_where_the_dockerfile_can_take_it(checkout: Checkout, path: str, targets: set[str]) -> None:
    assert whom(checkout, {path: "changed\n"}) == targets


def test_a_dockerfile_that_copies_everything_takes_what_is_not_excluded(checkout: Checkout) -> None:
    ignored = "# nothing of\ndocs\n**/*.md\napps/*\n!apps/web\n"
    checkout.commit({"apps/web/Dockerfile": "FROM x\nCOPY . .\n", ".dockerignore": ignored})
    assert whom(checkout, {"libs/other/x.ts": "2\n"}) == {"web"}
    assert whom(checkout, {"docs/a.md": "2\n", "libs/ui/b.md": "2\n"}) == set()
    assert whom(checkout, {"apps/api/index.ts": "2\n"}) == {"api"}
    assert whom(checkout, {"apps/web/x.ts": "2\n"}) == {"web"}


def test_the_dockerfiles_own_ignore_file_comes_first(checkout: Checkout) -> None:
    own = {"apps/web/Dockerfile.dockerignore": "libs\n", ".dockerignore": "docs\n"}
    checkout.commit({"apps/web/Dockerfile": "FROM x\nCOPY . .\n", **own})
    assert whom(checkout, {"libs/other/x.ts": "2\n"}) == set()
    assert whom(checkout, {"docs/a.md": "2\n"}) == {"web"}


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM x\nARG PART\nCOPY ${PART} .\n",
        "FROM x\nRUN --mount=type=bind,target=/src make\n",
        "FROM x\nCOPY ./ /src/\n",
        "FROM x\nADD .. /src/\n",
    ],
)
def test_a_source_that_may_be_anything_takes_everything(checkout: Checkout, dockerfile: str) -> None:
    checkout.commit({"apps/web/Dockerfile": dockerfile})
    assert whom(checkout, {"libs/other/x.ts": "2\n"}) == {"web"}


def test_an_argument_of_the_service_says_what_a_variable_is(checkout: Checkout) -> None:
    text = TEXT.replace('context = "."', 'context = "."\nargs = { PART = "libs/ui" }')
    checkout.commit({"apps/web/Dockerfile": "FROM x\nARG PART\nCOPY ${PART} .\n", FILE_NAME: text})
    assert whom(checkout, {"libs/other/x.ts": "2\n"}) == set()
    assert whom(checkout, {"libs/ui/button.ts": "2\n"}) == {"web"}


def test_what_stands_behind_the_stage_that_is_built_takes_nothing(checkout: Checkout) -> None:
    text = TEXT.replace('context = "."', 'context = "."\ndocker_target = "web"')
    dockerfile = "FROM x AS web\nCOPY libs/ui .\nFROM x AS tests\nCOPY . .\n"
    checkout.commit({"apps/web/Dockerfile": dockerfile, FILE_NAME: text})
    assert whom(checkout, {"libs/other/x.ts": "2\n"}) == set()
    assert whom(checkout, {"libs/ui/button.ts": "2\n"}) == {"web"}


def test_a_dockerfile_outside_of_the_service_is_an_input_of_it(checkout: Checkout) -> None:
    text = TEXT.replace('path = "apps/api"', 'path = "apps/api"\ndockerfile = "../../docker/api.Dockerfile"')
    checkout.commit({"docker/api.Dockerfile": "FROM x\nCOPY . .\n", FILE_NAME: text})
    assert whom(checkout, {"docker/api.Dockerfile": "FROM y\nCOPY . .\n"}) == {"api"}
    assert whom(checkout, {"docker/other": "2\n"}) == set()


def test_a_replay_reads_the_dockerfile_of_each_pair(checkout: Checkout) -> None:
    first = checkout.head()
    second = checkout.commit({"libs/other/x.ts": "2\n"})
    third = checkout.commit({"apps/web/Dockerfile": "FROM x\nCOPY . .\n"})
    fourth = checkout.commit({"libs/other/x.ts": "3\n"})
    pairs = [(first, second), (second, third), (third, fourth)]
    project = load_project(checkout.root)
    found = replay(GitRepository(checkout.root), project, Rules(project), pairs)
    assert [one.changed for one in found] == [(), ("web",), ("web",)]


def keys(checkout: Checkout) -> dict[str, str]:
    project = load_project(checkout.root)
    found = target_keys(GitRepository(checkout.root), project, checkout.head(), project.image_targets)
    return {name: one.key for name, one in found.items()}


def test_a_key_counts_the_files_of_the_context_that_can_be_taken(checkout: Checkout) -> None:
    before = keys(checkout)
    checkout.commit({"libs/other/x.ts": "2\n", "docs/a.md": "2\n"})
    assert keys(checkout) == before
    checkout.commit({"libs/ui/button.ts": "2\n"})
    after = keys(checkout)
    assert after["web"] != before["web"]
    assert after["api"] == before["api"]


def test_a_file_that_no_commit_has_takes_the_key_away_only_where_it_can_get_into_the_image(checkout: Checkout) -> None:
    checkout.commit({"apps/api/.dockerignore": "node_modules\n"})
    before = keys(checkout)
    for path in ("libs/other/new.ts", "apps/api/node_modules/a/index.js", "apps/web/node_modules/a.js"):
        checkout.write(path)
    assert keys(checkout) == before
    checkout.write("libs/ui/new.ts")
    assert (keys(checkout)["web"], keys(checkout)["api"]) == ("", before["api"])
    checkout.write("apps/api/new.ts")
    assert keys(checkout)["api"] == ""


def test_without_a_reader_the_whole_context_counts() -> None:
    project = parse_project(TEXT)
    assert Rules(project).owners("docs/a.md") == {"web": "context: ./**"}
    assert ("context: ./**", ("web",)) in Rules(project).all_rules()


def test_a_project_without_a_wider_context_reads_no_dockerfile(checkout: Checkout) -> None:
    class Silent(GitRepository):
        def source_files(self, commit: str) -> list[object]:  # type: ignore[override]
            raise AssertionError(commit)

    project = Project(services=(parse_project(TEXT).services[1],))
    assert rules_at(Silent(checkout.root), project, checkout.head()).owners("apps/api/x") == {"api": "apps/api/**"}


@pytest.mark.parametrize(
    ("text", "excluded", "kept"),
    [
        ("docs\n", ("docs/a.md", "docs"), ("x/docs/a.md", "docs2")),
        ("**/docs\n", ("docs/a", "x/y/docs/a"), ("x/docs2",)),
        ("*.md\n", ("a.md",), ("x/a.md",)),
        ("/a/\n", ("a/b",), ("b/a",)),
        ("a\n!a/b\n", ("a/c",), ("a/b", "a/b/c")),
        ("!a\na\n", ("a",), ()),
        ("*\n!src\n", ("x", "x/y"), ("src/a",)),
        ("a[bc]\n", ("ab", "ac/d"), ("a[bc]", "ad")),
        ("*\n![a]b\n", ("x", "cb"), ("ab",)),
        ("*\n!**/*.jar\n", ("a/b.txt",), ("a/b.jar",)),
        ("*\n[a\n", (), ("x", "a/b")),
        ("# a\n\n", (), ("a", "# a")),
    ],
)
def test_only_what_is_surely_excluded_is_left_out(text: str, excluded: tuple[str, ...], kept: tuple[str, ...]) -> None:
    is_excluded = excluded_by(text)
    assert [path for path in excluded if not is_excluded(path)] == []
    assert [path for path in kept if is_excluded(path)] == []


@given(
    st.text(alphabet="FROMCPY \n$.*{}/a", max_size=60),
    st.text(alphabet="!*/a.\n[\\", max_size=20),
    st.text(alphabet="a/.", max_size=10),
)
def test_no_text_of_a_user_is_a_bug(dockerfile: str, ignored: str, path: str) -> None:
    (web, _) = parse_project(TEXT).services
    texts = {"apps/web/Dockerfile": f"FROM x\n{dockerfile}", ".dockerignore": ignored}
    assert taken_by(web, texts).takes(path) in (True, False)
