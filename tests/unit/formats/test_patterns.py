import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.patterns import fixed_directory, matches

MATCHING = [
    pytest.param("backend/proto/**", "backend/proto/approval.proto", id="a file below"),
    pytest.param("backend/proto/**", "backend/proto/v1/deep/approval.proto", id="a file deep below"),
    pytest.param("pom.xml", "pom.xml", id="a file of the root"),
    pytest.param("/pom.xml", "pom.xml", id="a leading slash is the root"),
    pytest.param("backend/*/pom.xml", "backend/notification-service/pom.xml", id="a star is one segment"),
    pytest.param("**/pom.xml", "pom.xml", id="two stars may be nothing"),
    pytest.param("**/pom.xml", "backend/a/pom.xml", id="two stars may be many"),
    pytest.param("a/**/z", "a/z", id="two stars inside may be nothing"),
    pytest.param("a/**/z", "a/b/c/z", id="two stars inside may be many"),
    pytest.param("backend/?-service/**", "backend/a-service/x", id="a question mark is one character"),
    pytest.param("문서/**", "문서/설계.md", id="Korean"),
]

NOT_MATCHING = [
    pytest.param("backend/proto/**", "backend/proto", id="the folder itself"),
    pytest.param("backend/proto/**", "docs/backend/proto/a", id="not anchored at the root"),
    pytest.param("backend/proto/**", "backend/proto-v2/a", id="a sibling with the same beginning"),
    pytest.param("pom.xml", "backend/pom.xml", id="the same name further down"),
    pytest.param("backend/*", "backend/a/b", id="a star does not cross a slash"),
    pytest.param("backend/*/pom.xml", "backend/pom.xml", id="a star is not nothing"),
    pytest.param("Backend/**", "backend/a", id="another case"),
    pytest.param("a/**/z", "a/b/zz", id="the end is anchored"),
]


@pytest.mark.parametrize(("pattern", "path"), MATCHING)
def test_a_pattern_matches(pattern: str, path: str) -> None:
    assert matches(pattern, path)


@pytest.mark.parametrize(("pattern", "path"), NOT_MATCHING)
def test_a_pattern_does_not_match(pattern: str, path: str) -> None:
    assert not matches(pattern, path)


SEGMENT = st.text("abc-.", min_size=1, max_size=6)


@given(folder=SEGMENT, suffix=SEGMENT, file=SEGMENT)
def test_a_suffix_on_a_folder_makes_it_another_folder(folder: str, suffix: str, file: str) -> None:
    assert matches(f"{folder}/**", f"{folder}/{file}")
    assert not matches(f"{folder}/**", f"{folder}{suffix}/{file}")


@pytest.mark.parametrize(
    ("pattern", "directory"),
    [
        ("backend/proto/**", "backend/proto"),
        ("backend/proto", "backend/proto"),
        ("/backend/proto/", "backend/proto"),
        ("pom.xml", "pom.xml"),
        ("backend/*/proto", ""),
        ("backend/*/proto/**", ""),
        ("**", ""),
        ("**/pom.xml", ""),
    ],
)
def test_a_path_without_wildcards_means_all_that_lies_there(pattern: str, directory: str) -> None:
    assert fixed_directory(pattern) == directory
