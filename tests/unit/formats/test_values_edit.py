"""The edit is exact to the byte: a table of files before and after, in which only the tag differs."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from erp_build.formats.values.file import BOM, read_value, set_tag, set_tags

SAMPLE = Path(__file__).parents[3] / "examples" / "erp" / "helm-chart" / "values-dev.yaml"
KEY = "services.notification"

# `@` stands for the tag: what is there before, and `"1234567"` after.
FILES = [
    pytest.param("services:\n  notification:\n    image:\n      tag: @\n", "latest", id="a plain scalar"),
    pytest.param("services:\n  notification:\n    image:\n      tag: @\n", "'latest'", id="single quotes"),
    pytest.param("services:\n  notification:\n    image:\n      tag: @\n", '"latest"', id="double quotes"),
    pytest.param("services:\n  notification:\n    image:\n      tag: @\n", "!!str 123", id="an explicit type"),
    pytest.param("services:\n  notification:\n    image:\n      tag: @  # 태그\n", "latest", id="a comment behind it"),
    pytest.param("services:\n  notification:\n    image:\n      tag: @", "latest", id="no final newline"),
    pytest.param("services:\r\n  notification:\r\n    image:\r\n      tag: @\r\n# x\r\n", "latest", id="CRLF"),
    pytest.param("services:\n  notification:\r\n    image:\n      tag: @\r\n", "latest", id="mixed line ends"),
    pytest.param("\ufeffservices:\n  notification:\n    image:\n      tag: @\n", "latest", id="a byte order mark"),
    pytest.param("# 알림\nservices:\n  notification:\n    image:\n      tag: @ # 끝\n", "latest", id="Korean comments"),
    pytest.param("# 😀\nservices:\n  notification:\n    image:\n      tag: @\n", "latest", id="beyond 16 bits"),
    pytest.param("services: {notification: {image: {tag: @, repository: a}}}\n", "latest", id="flow maps"),
    pytest.param("services: {notification: {image: {repository: a, tag: @}}}\n", "'x'", id="at the end of a flow map"),
    pytest.param('{"services": {"notification": {"image": {"tag": @}}}}', '"latest"', id="JSON"),
    pytest.param("---\nservices:\n  notification:\n    image:\n      tag: @\n...\n", "latest", id="document markers"),
    pytest.param("services:\n    notification:\n       image:\n        tag:    @\n", "latest", id="odd indents"),
    pytest.param("services:\n  notification:\n    image:\n      tag: @  \n\n  \n\n# end", "latest", id="blank lines"),
    pytest.param(
        "a: ~\nb: +5\nc: True\nd: '\\uD55C'\nservices:\n  notification:\n    image:\n      tag: @\n",
        "latest",
        id="spellings that a rewrite would change",
    ),
    pytest.param(
        "services:\n  notification:\n    image:\n      tag: @\n" + "long: " + "word " * 40 + "\n",
        "latest",
        id="a long line that a rewrite would fold",
    ),
    pytest.param(
        "base: &base {a: 1}\nother: *base\nservices:\n  notification:\n    <<: *base\n    image:\n      tag: @\n",
        "latest",
        id="anchors and merge keys beside it",
    ),
    pytest.param(
        "services:\n  approvalRequest: {image: {tag: latest}}\n  notification:\n    image:\n      tag: @\n",
        "latest",
        id="the same tag of another service",
    ),
]

# `@` stands for the place where the tag goes, with one space before it.
EMPTY = [
    pytest.param("services:\n  notification:\n    image:\n      tag:@\n", id="nothing behind the colon"),
    pytest.param("services:\n  notification:\n    image:\n      tag:@ \n", id="a space behind the colon"),
    pytest.param("services:\n  notification:\n    image:\n      tag:@", id="the end of the file"),
    pytest.param("services:\n  notification:\n    image:\n      tag:@  # 아직: 없음\n\nz: 1\n", id="only a comment"),
    pytest.param(
        "services:\n  notification:\n    image:\n      tag:@\n      repository: a\n", id="another key follows"
    ),
    pytest.param("services:\r\n  notification:\r\n    image:\r\n      tag:@\r\n", id="CRLF"),
    pytest.param("services: {notification: {image: {tag:@ , repository: a}}}\n", id="in a flow map"),
    pytest.param("services: {notification: {image: {tag:@ }}}\n", id="at the end of a flow map"),
]

# Unquoted, YAML 1.1 or 1.2 reads most of these as a number, a truth, a date or nothing.
NUMBERS_AND_WORDS = [
    "1234567",
    "0123456",
    "12e3456",
    "1e10",
    "0x12345",
    "123_456",
    "0b101",
    "0o17",
    "true",
    "false",
    "null",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "2024-01-01",
    "1.5",
    "0",
    "3806521",
    "_",
    "1e5.2",
    "0.1.0",
    "Infinity",
    "NaN",
    "1234567e",
]


@pytest.mark.parametrize(("text", "before"), FILES)
def test_only_the_tag_changes(text: str, before: str) -> None:
    edited = set_tag(text.replace("@", before).encode(), KEY, "1234567", where="values.yaml")
    assert edited == text.replace("@", '"1234567"').encode()


@pytest.mark.parametrize("text", EMPTY)
def test_an_empty_value_gets_the_tag_behind_its_colon(text: str) -> None:
    edited = set_tag(text.replace("@", "").encode(), KEY, "1234567", where="values.yaml")
    assert edited == text.replace("@", ' "1234567"').encode()


@pytest.mark.parametrize("tag", NUMBERS_AND_WORDS)
def test_a_tag_stays_a_string_for_both_versions_of_yaml(tag: str) -> None:
    edited = set_tag(SAMPLE.read_bytes(), KEY, tag, where="values.yaml").decode()
    for loaded in (YAML(typ="safe", pure=True).load(edited), yaml.safe_load(edited)):
        found = loaded["services"]["notification"]["image"]["tag"]
        assert isinstance(found, str)
        assert found == tag


def test_the_same_tag_again_changes_nothing() -> None:
    once = set_tag(SAMPLE.read_bytes(), KEY, "1234567", where="values.yaml")
    assert set_tag(once, KEY, "1234567", where="values.yaml") == once


def test_the_sample_changes_in_the_lines_of_the_tags_alone() -> None:
    before = SAMPLE.read_bytes()
    keys = ("services.approvalRequest", "services.approvalProcessing", "services.notification")
    after = set_tags(before, dict.fromkeys(keys, "1234567"), where="values.yaml")
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    changed = [(old.strip(), new.strip()) for old, new in pairs if old != new]
    assert [new for _, new in changed] == [
        '"1234567"'.join(old.decode().split('"latest"')).encode() for old, _ in changed
    ]
    assert len(changed) == 3


def test_the_scalar_itself_may_be_named() -> None:
    edited = set_tag(b"services:\n  notification: {version: old}\n", f"{KEY}.version", "new", where="values.yaml")
    assert edited == b'services:\n  notification: {version: "new"}\n'


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("services.notification.image.tag", "latest"),
        ("services.notification.port", "8084"),
        ("services.notification.image", None),
        ("services.missing", None),
        ("services.notification.image.tag.deeper", None),
    ],
)
def test_a_value_is_read_as_text(key: str, value: str | None) -> None:
    assert read_value(SAMPLE.read_bytes(), key, where="values.yaml") == value


KEYS = st.text("abcXYZ_", min_size=1, max_size=6)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
COMMENT = st.sampled_from(["", "  # 태그", " # tag: x"])
STYLES = st.sampled_from(["latest", "'it''s'", '"a\\tb"', "1234567", "2024-01-01", "~"])
END = st.sampled_from(["\n", "\r\n"])


@st.composite
def values_files(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """The keys of some services, and the text of a values file in pieces: between two pieces stands a tag."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    end, step = draw(END), " " * draw(st.integers(1, 5))
    pieces = [draw(st.sampled_from(["", "\ufeff", f"# 설정{end}", f"{end}{end}a: +5{end}"])) + f"services:{end}"]
    for key in keys:
        comment = draw(COMMENT)
        pieces[-1] += f"{step}{key}:{end}{step * 2}image:{end}{step * 3}repository: a/{key}{end}{step * 3}tag: "
        pieces.append(f"{comment}{end}" + draw(st.sampled_from(["", end, f"  {end}", f"# 끝{end}"])))
    pieces[-1] += draw(st.sampled_from(["", "z: [1,  2]", f"z: ~{end}"]))
    return keys, pieces


def join(pieces: list[str], tags: list[str]) -> bytes:
    return "".join([pieces[0], *(tag + piece for tag, piece in zip(tags, pieces[1:], strict=True))]).encode()


@pytest.mark.slow
@settings(max_examples=300)
@given(file=values_files(), data=st.data())
def test_in_any_file_the_difference_is_exactly_the_tags(file: tuple[list[str], list[str]], data: st.DataObject) -> None:
    keys, pieces = file
    before = [data.draw(STYLES) for _ in keys]
    tags = [data.draw(TAGS) for _ in keys]
    content = join(pieces, before)
    edited = set_tags(content, {f"services.{key}": tag for key, tag in zip(keys, tags, strict=True)}, where="v")
    assert edited == join(pieces, [f'"{tag}"' for tag in tags])
    text = edited.removeprefix(BOM).decode()
    for loaded in (yaml.safe_load(text), YAML(typ="safe", pure=True).load(text)):
        assert [loaded["services"][key]["image"]["tag"] for key in keys] == tags
