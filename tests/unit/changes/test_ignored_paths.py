"""`ignore` patterns mean what Git makes of the same lines in a .gitignore."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_build.changes.rules import ignore_of
from erp_build.model.project import Project
from tests.support.git import Checkout

SEGMENTS = st.sampled_from(
    ["a", "b", "docs", "x.md", "README.md", "two words", "알림", "line\nfeed", "[a]", "!b", "#c"]
)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
PATTERNS = st.one_of(
    st.sampled_from(
        ["*.md", "docs/", "/a", "a/b", "a/**", "**/docs", "a/**/b", "!README.md", "# no", "", "\\#c", "\\!b"]
    ),
    st.sampled_from(["[ab]", "?", "*", "!*.md", "!a/", "알*", "two words", "two words  ", "*feed", "/*/b", "docs/*"]),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Checkout.create(tmp_path_factory.mktemp("ignore")).root


def ignored_by_git(root: Path, patterns: list[str], paths: list[str]) -> set[str]:
    (root / ".gitignore").write_text("".join(f"{pattern}\n" for pattern in patterns), encoding="utf-8")
    done = subprocess.run(
        ["git", "-C", root, "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(paths).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return set(filter(None, done.stdout.decode().split("\0")))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(PATTERNS, min_size=1, max_size=4), paths=st.lists(PATHS, min_size=1, max_size=12))
def test_a_pattern_means_what_it_means_to_git(repository: Path, patterns: list[str], paths: list[str]) -> None:
    ignored = ignore_of(Project(ignore=tuple(patterns)))
    assert ignored is not None
    ours, gits = {path for path in paths if ignored(path)}, ignored_by_git(repository, patterns, paths)
    if any(pattern.startswith("!") for pattern in patterns):
        # The library takes more back inside of an ignored folder than Git does: then more is built, never less.
        assert ours <= gits
    else:
        assert ours == gits


def test_a_project_without_patterns_ignores_nothing() -> None:
    assert ignore_of(Project()) is None
