"""Values files that are not edited, each with a reason, because an edit would change more than one tag."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.errors import ConfigurationError
from erp_build.formats.values.file import named_values, read_value, set_tag, set_tags

KEY = "services.notification"
GOOD = b"services:\n  notification:\n    image:\n      tag: latest\n"


def service(tag_line: str, before: str = "", after: str = "") -> bytes:
    return f"{before}services:\n  notification:\n    image:\n      {tag_line}\n{after}".encode()


REFUSED = [
    pytest.param(service("tag: &t latest", after="other: *t\n"), "an anchor or an alias", id="an anchored tag"),
    pytest.param(service("tag: *t", before="t: &t latest\n"), "an anchor or an alias", id="an alias"),
    pytest.param(
        b"b: &b\n  image:\n    tag: latest\nservices:\n  notification: *b\n",
        "services.notification is an anchor or an alias",
        id="an alias above the tag",
    ),
    pytest.param(
        b"services:\n  notification: &n\n    image:\n      tag: latest\n  other: *n\n",
        "services.notification is an anchor or an alias",
        id="an anchor above the tag, whose copy would change too",
    ),
    pytest.param(
        b"b: &b\n  image: {tag: latest}\nservices:\n  notification:\n    <<: *b\n",
        "there is no services.notification.image",
        id="a tag that comes through a merge key",
    ),
    pytest.param(service("tag: |\n        latest"), "block scalar", id="a literal block"),
    pytest.param(service("tag: >-\n        latest"), "block scalar", id="a folded block"),
    pytest.param(service("tag: {a: b}"), "not a scalar", id="a mapping"),
    pytest.param(service("tag: [a]"), "not a scalar", id="a list"),
    pytest.param(service("tag: erp/notification:1"), "a whole reference of an image", id="a reference as the tag"),
    pytest.param(service("repository: a"), "there is no services.notification.image.tag", id="no tag"),
    pytest.param(b"services:\n  other: {image: {tag: a}}\n", "there is no services.notification", id="no service"),
    pytest.param(b"services: text\n", "there is no services.notification", id="text in the place of the services"),
    pytest.param(GOOD + b"services: {}\n", "there is no services.notification", id="the services twice"),
]

UNREADABLE = [
    pytest.param(GOOD + b"---\n" + GOOD, "cannot be read", id="two documents"),
    pytest.param(GOOD + b"{{ .Values.x }}: [\n", "cannot be read", id="a template"),
    pytest.param(b"services:\n\tnotification: {}\n", "cannot be read", id="a tab as an indent"),
    pytest.param(b"a: [\n", "cannot be read", id="broken YAML"),
    pytest.param(GOOD + b"# \xff\n", "not UTF-8", id="a byte that is no UTF-8"),
    pytest.param(GOOD.decode().encode("utf-16"), "not UTF-8", id="UTF-16"),
    pytest.param("# 한국어\n".encode("cp949") + GOOD, "not UTF-8", id="CP949"),
    pytest.param(b"", "holds no mapping", id="an empty file"),
    pytest.param(b"# only a comment\n", "holds no mapping", id="only a comment"),
    pytest.param(b"- a\n", "holds no mapping", id="a list"),
    pytest.param(GOOD + b"\x00", "cannot be read", id="a NUL"),
]


@pytest.mark.parametrize(("content", "why"), REFUSED)
def test_an_edit_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        set_tag(content, KEY, "1234567", where="values.yaml")
    assert caught.value.what == "cannot set services.notification"
    assert caught.value.where == "values.yaml"
    assert why in caught.value.why
    assert caught.value.next_step


@pytest.mark.parametrize(("content", "what"), UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused(content: bytes, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as caught:
        set_tag(content, KEY, "1234567", where="values.yaml")
    assert caught.value.next_step


@pytest.mark.parametrize(
    "tag",
    ["", " ", "a b", "1234567\n", '"', "-a", ".a", "a/b", "a:b", "태그", "a" * 129, "${TAG}", "a@sha256", "a\u2028"],
)
def test_what_is_no_image_tag_is_refused(tag: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot set") as caught:
        set_tag(GOOD, KEY, tag, where="values.yaml")
    assert "is not an image tag" in caught.value.why


def test_the_longest_tag_is_taken() -> None:
    assert b'"' + b"a" * 128 + b'"' in set_tag(GOOD, KEY, "a" * 128, where="values.yaml")


def test_of_several_tags_the_one_with_an_anchor_is_named() -> None:
    content = b"services:\n  a: {image: {tag: x}}\n  b: &b {image: {tag: x}}\ncopy: *b\n"
    with pytest.raises(ConfigurationError) as caught:
        set_tags(content, {"services.a": "1", "services.b": "2"}, where="values.yaml")
    assert caught.value.what == "cannot set services.b"
    assert caught.value.why == "services.b is an anchor or an alias"


def test_when_one_of_several_tags_cannot_be_set_none_is() -> None:
    with pytest.raises(ConfigurationError, match=r"services\.missing"):
        set_tags(GOOD, {KEY: "1234567", "services.missing": "1234567"}, where="values.yaml")


@pytest.mark.parametrize("key", ["", ".", "services.", "services..image", "services.notification.image.tag.x"])
def test_a_key_that_leads_nowhere_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot set"):
        set_tag(GOOD, key, "1234567", where="values.yaml")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        pytest.param("services.one.image", "a whole reference of an image", id="an image in one string"),
        pytest.param("services.one.pinned", "a whole reference of an image", id="an image with a digest"),
        pytest.param("services.two.image.repository", "a whole reference of an image", id="the repository"),
        pytest.param("services.two.image.pullPolicy", "`pullPolicy` is not the name of a tag", id="the pull policy"),
        pytest.param("services.two.replicas", "`replicas` is not the name of a tag", id="a number"),
        pytest.param("services.two.enabled", "`enabled` is not the name of a tag", id="a switch"),
    ],
)
def test_nothing_but_a_tag_is_overwritten(key: str, why: str) -> None:
    content = (
        b"services:\n  one: {image: erp/one:1, pinned: erp/one@sha256:0}\n  two:\n    replicas: 2\n    enabled: true\n"
        b"    image: {repository: erp/two, tag: 1, pullPolicy: Always}\n"
    )
    with pytest.raises(ConfigurationError, match=f"cannot set {key}") as caught:
        set_tag(content, key, "1234567", where="values.yaml")
    assert why in caught.value.why
    assert caught.value.next_step


@pytest.mark.parametrize("name", ["tag", "imageTag", "image_tag", "TAG", "appVersion", "version"])
def test_a_name_that_ends_like_a_tag_is_one(name: str) -> None:
    content = f"services:\n  n: {{{name}: latest}}\n".encode()
    edited = set_tag(content, f"services.n.{name}", "1234567", where="values.yaml")
    assert edited == content.replace(b"latest", b'"1234567"')


def bomb(first: str, levels: int = 8, times: int = 9) -> str:
    """Lists of aliases of lists of aliases: a few hundred bytes that stand for millions of values."""
    lines = [f"a: &a {first}"]
    for level in range(levels):
        above, name = chr(97 + level), chr(98 + level)
        lines.append(f"{name}: &{name} [{', '.join([f'*{above}'] * times)}]")
    return "\n".join(lines) + "\n"


SHAPES = [
    pytest.param(bomb("[x, x, x]"), "aliases make more than", id="aliases of aliases"),
    pytest.param(bomb("[]"), "aliases make more than", id="aliases of nothing"),
    pytest.param(bomb("[x]") + "? *i\n: 1\n", "aliases make more than", id="a key of aliases"),
    pytest.param("a: &a [*a]\n", "nested more than", id="a list in itself"),
    pytest.param("a: " + "[" * 60_000, "nested more than", id="lists in lists"),
    pytest.param("a: " + "[" * 30_000 + "]" * 30_000, "nested more than", id="lists in lists, closed"),
    pytest.param("a: " + "{a: " * 20_000, "nested more than", id="mappings in mappings"),
    pytest.param("a:\n" + "- " * 30_000, "nested more than", id="lists of lines"),
    pytest.param("? " * 30_000, "nested more than", id="keys of keys"),
]


@pytest.mark.parametrize(("text", "why"), SHAPES)
@pytest.mark.parametrize("read", ["set", "read", "named"])
def test_a_file_costs_what_its_size_says(text: str, why: str, read: str) -> None:
    content = GOOD + text.encode()
    began = time.process_time()
    with pytest.raises(ConfigurationError, match="the values file cannot be read") as caught:
        READERS[read](content)
    assert why in caught.value.why
    assert time.process_time() - began < 5


READERS: dict[str, Callable[[bytes], object]] = {
    "set": lambda content: set_tag(content, KEY, "1234567", where="values.yaml"),
    "read": lambda content: read_value(content, "services.none", where="values.yaml"),
    "named": lambda content: named_values(content, where="values.yaml"),
}


def test_the_tags_of_two_hundred_services_are_set_at_once() -> None:
    """Each of them used to read the whole file five times."""
    content = b"services:\n" + b"".join(
        f"  s{number}:\n    replicas: 2\n    image: {{repository: erp/s{number}, tag: latest}}\n".encode()
        for number in range(200)
    )
    began = time.process_time()
    edited = set_tags(content, {f"services.s{number}": f"1{number:06}" for number in range(200)}, where="values.yaml")
    assert time.process_time() - began < 10
    assert edited.count(b"latest") == 0
    assert b'tag: "1000007"' in edited


@given(st.text(alphabet="[]{}&*!|>'\"%#:?-,ab \n\t", max_size=60))
def test_no_text_is_a_bug(text: str) -> None:
    with suppress(ConfigurationError):
        set_tag(GOOD + text.encode(), KEY, "1234567", where="values.yaml")
