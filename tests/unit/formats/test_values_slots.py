"""Tags that are set into slots: the same bytes as by an edit of their own, and a file is read once for all of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.errors import ConfigurationError
from erp_build.formats.values import tree
from erp_build.formats.values.file import _edited, _reads_as, set_tags
from erp_build.formats.values.slots import TagSlots, slot_name, unknown_word

FILES = sorted((Path(__file__).parents[2] / "cases" / "values").glob("*.yaml"))
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}(@sha256:[0-9a-f]{64})?", fullmatch=True)
HEX = "abcdef0123456789"


def services_in(content: bytes) -> list[str]:
    """The services of a file whose tags can be set one by one."""
    found = []
    for name in tree.ValuesTree(content, "x").plain()["services"]:
        try:
            set_tags(content, {f"services.{name}": "1"}, where="x", create=True)
        except ConfigurationError:
            continue
        found.append(f"services.{name}")
    return found


CASES = [(file.read_bytes(), services_in(file.read_bytes())) for file in FILES]


@given(case=st.sampled_from(CASES), data=st.data())
def test_any_tags_come_to_the_bytes_of_an_edit_of_their_own(case: tuple[bytes, list[str]], data: st.DataObject) -> None:
    content, services = case
    keys = data.draw(st.lists(st.sampled_from(services), unique=True))
    for _ in range(2):
        tags = {key: data.draw(TAGS) for key in keys}
        edited, wanted, _places = _edited(content, tags, "x", create=True)
        assert set_tags(content, tags, where="x", create=True) == edited
        assert _reads_as(edited, wanted, "x")


def test_a_file_that_has_the_word_of_a_slot_keeps_it() -> None:
    content = b"# slot0_ slot-1_\nslot: slot0_\na: {image: {tag: x}}\n"
    assert set_tags(content, {"a": "12e3456"}, where="x") == content.replace(b"tag: x", b'tag: "12e3456"')


def test_two_keys_of_one_tag_are_refused_only_where_they_differ() -> None:
    content = b"a: {image: {tag: x}}\n"
    assert set_tags(content, {"a": "1", "a.image.tag": "1"}, where="x") == b'a: {image: {tag: "1"}}\n'
    with pytest.raises(ConfigurationError, match=r"cannot set a, a\.image\.tag"):
        set_tags(content, {"a": "1", "a.image.tag": "2"}, where="x")


def test_what_is_in_the_way_is_said_with_the_file_of_the_caller() -> None:
    for where in ("one.yaml", "other.yaml"):
        with pytest.raises(ConfigurationError, match="cannot set b") as caught:
            set_tags(b"a: {image: {tag: x}}\n", {"b": "1"}, where=where)
        assert caught.value.where == where


def test_no_tag_breaks_out_of_its_quotes() -> None:
    content = b"a: {image: {tag: x}}\n"
    set_tags(content, {"a": "1"}, where="x")
    with pytest.raises(ConfigurationError, match="cannot set a"):
        set_tags(content, {"a": '1", other: "2'}, where="x")


def test_the_file_and_its_edit_are_read_once_each_for_any_number_of_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    content = "".join(f"s{number}: {{image: {{tag: x}}}} # once\n" for number in range(30)).encode()
    read: list[str] = []
    compose = tree._compose

    def noted(text: str, where: str) -> object:
        read.append(text)
        return compose(text, where)

    monkeypatch.setattr(tree, "_compose", noted)
    for digit in HEX:
        after = set_tags(content, {f"s{number}": f"{digit}{number}" for number in range(30)}, where="x")
        assert after.count(f'"{digit}'.encode()) == 30
    assert [text for text in read if "# once" in text] == read
    assert len(read) == 2


@pytest.mark.parametrize("content", [b"slot0_ slot0_", b"slot0_", b"slot1_ slot2_", b""])
def test_a_file_without_each_slot_once_is_not_cut(content: bytes) -> None:
    assert TagSlots.cut(content, "slot", 2) is None


def test_slots_may_stand_in_any_order() -> None:
    word = unknown_word(b"")
    content = f"<{slot_name(word, 1)}|{slot_name(word, 0)}>".encode()
    slots = TagSlots.cut(content, word, 2)
    assert slots is not None
    assert slots.filled(("a", "b")) == b"<b|a>"
