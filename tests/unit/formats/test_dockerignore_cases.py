"""What a .dockerignore lets through, as BuildKit has recorded it, and which line keeps a file back."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.clients.docker.context_files import ContextFiles
from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.ignore import DockerIgnore, ignored_lines
from tests.support.dockerfiles import FILES, recorded, write_tree

CASES = recorded("dockerignore")
ALWAYS = {"Dockerfile", ".dockerignore"}
PIECES = ("a", "b", "/", "*", "**", "?", "!", "[", "]", "^", "-", "\\", ".", "..", " ", "\n", "#", "\r", "가", "target")


@pytest.mark.parametrize("case", [case for case in CASES if "sent" in case.values[0]])
def test_what_is_sent_is_what_the_builder_gets(tmp_path: Path, case: dict[str, Any]) -> None:
    folder = write_tree(tmp_path, FILES)
    (folder / ".dockerignore").write_bytes(case["text"].encode())
    found = {f"{name}/" if (folder / name).is_dir() else name for name in ContextFiles(folder, "Dockerfile").names}
    assert found == {*case["sent"], *ALWAYS}


@pytest.mark.parametrize("case", [case for case in CASES if "sent" not in case.values[0]])
def test_what_docker_refuses_is_refused_with_its_line(tmp_path: Path, case: dict[str, Any]) -> None:
    (tmp_path / ".dockerignore").write_bytes(case["text"].encode())
    with pytest.raises(BuildFailed, match=r"cannot read the \.dockerignore") as caught:
        ContextFiles(tmp_path, "Dockerfile")
    assert caught.value.why.startswith("line 1: ")


def test_there_are_cases_of_each_kind() -> None:
    assert len(CASES) >= 40
    assert any("sent" not in case.values[0] for case in CASES)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("# all\n*\n!src\n", "target/app.jar", 2),
        ("# all\n*\n!src\n", "src/App.java", None),
        ("*\n!target\n\ntarget/*.jar\n", "target/app.jar", 4),
        ("*\n!target\n\ntarget/*.jar\n", "target/classes/App.class", None),
        ("target\n*.jar\n", "target/app.jar", 1),
        ("", "target/app.jar", None),
    ],
)
def test_the_line_that_excludes_is_named(text: str, path: str, line: int | None) -> None:
    assert DockerIgnore(text).line_excluding(path) == line


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text())
def test_every_text_is_read_or_refused_with_a_line(text: str) -> None:
    try:
        ignore = DockerIgnore(text)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = "line "
        _ask(ignore)
    assert refusal.startswith("line ")


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(FILES))
def test_a_folder_of_which_something_is_sent_is_looked_into(text: str, path: str) -> None:
    try:
        ignore = DockerIgnore(text)
    except ValueError:
        return
    above = [path.rpartition("/")[0]] if "/" in path else []
    if ignore.line_excluding(path) is None:
        assert all(ignore.line_excluding(folder) is None or ignore.may_have_exceptions(folder) for folder in above)


def test_a_pattern_of_many_stars_is_quick() -> None:
    text = "*a" * 200 + "b\n" + "**/" * 200 + "x\n"
    assert len(list(ignored_lines(text))) == 2
    assert DockerIgnore(text).line_excluding("a" * 2000) is None


def _ask(ignore: DockerIgnore) -> None:
    for path in ("a", "a/b", "target/app.jar", "가"):
        ignore.line_excluding(path)
        ignore.may_have_exceptions(path)
