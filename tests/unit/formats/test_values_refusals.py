"""Values files that are not edited, each with a reason, because an edit would change more than one tag."""

import pytest

from erp_build.errors import ConfigurationError
from erp_build.formats.values_file import set_tag, set_tags

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
    pytest.param(service("repository: a"), "there is no services.notification.image.tag", id="no tag"),
    pytest.param(b"services:\n  other: {image: {tag: a}}\n", "there is no services.notification", id="no service"),
    pytest.param(b"services: text\n", "there is no services.notification", id="text in the place of the services"),
    pytest.param(service("tag: a\n      tag: b"), "2 times", id="the tag twice"),
    pytest.param(GOOD + b"  notification: {image: {tag: b}}\n", "2 times", id="the service twice"),
    pytest.param(GOOD + b"services: {}\n", "2 times", id="the services twice"),
]

UNREADABLE = [
    pytest.param(GOOD + b"---\n" + GOOD, "cannot be read", id="two documents"),
    pytest.param(GOOD + b"{{ .Values.x }}: [\n", "cannot be read", id="a template"),
    pytest.param(service("tag: latest\t# x"), "cannot be read", id="a tab before a comment, which Helm might take"),
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


def test_when_one_of_several_tags_cannot_be_set_none_is() -> None:
    with pytest.raises(ConfigurationError, match=r"services\.missing"):
        set_tags(GOOD, {KEY: "1234567", "services.missing": "1234567"}, where="values.yaml")


@pytest.mark.parametrize("key", ["", ".", "services.", "services..image", "services.notification.image.tag.x"])
def test_a_key_that_leads_nowhere_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot set"):
        set_tag(GOOD, key, "1234567", where="values.yaml")
