"""A secret is masked in every form that another program gives it, and a text without one stays as it is."""

import base64
import json
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from erp_build.clients.secrets import MASK, Secrets
from erp_build.formats.secrets.names import COMMON_VALUES, MIN_MASKED_LENGTH, is_maskable
from erp_build.report.sarif import LEVELS
from tests.support.report_schema import schema_words
from tests.support.writers import WRITERS

PEM = "\n".join(
    (
        "-----BEGIN PRIVATE KEY-----",
        *(base64.b64encode(bytes(range(line, line + 48))).decode() for line in range(12)),
        "b3RoZXI=",
        "-----END PRIVATE KEY-----\n",
    )
)
VALUES = {
    "a plain word": "hunter2hunter2",
    "a line end behind it": "hunter2hunter2\n",
    "blanks around it": "  hunter2 hunter2\t",
    "signs of every kind": "p<w&d'\"x>/é\\ $`|~!*()",
    "Korean": "비밀번호입니다",
    "a key in lines": PEM,
    "lines with returns": "first-secret\r\nsecond-secret\r\n",
    "digits": "8675309867",
    "a bell in it": "hunter2\x07hunter3",
    "one letter": "aaaaaaaa",
}
TEXTS = st.text(st.characters(codec="utf-8"), min_size=MIN_MASKED_LENGTH, max_size=80)


def told(value: str) -> Secrets:
    secrets = Secrets()
    secrets.add(value)
    return secrets


def parts(value: str) -> list[str]:
    """What of a value must not be seen: each line that is long enough to be secret."""
    return [line.strip() for line in value.splitlines() if is_maskable(line)]


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_secret_is_masked_however_it_is_written(value: str, writer: str) -> None:
    written = WRITERS[writer](value)
    masked = told(value).mask(written)
    assert MASK in masked
    assert not [part for part in parts(value) if WRITERS[writer](part) in masked]
    assert longest_left(masked, written) < 16, masked


def longest_left(masked: str, written: str) -> int:
    """The longest word that is left of a text which is a secret from its beginning to its end, as base64 is."""
    return max((len(word) for word in masked.split(MASK) if word in written and word.isalnum()), default=0)


@settings(max_examples=120, deadline=None)
@given(value=TEXTS, writer=st.sampled_from(sorted(WRITERS)))
def test_no_writer_shows_any_secret(value: str, writer: str) -> None:
    assume(is_maskable(value) and MASK not in value)
    written = WRITERS[writer](value)
    masked = told(value).mask(f"before {written} behind")
    assert value not in masked
    for part in parts(value):
        assert part not in masked
        assert WRITERS[writer](part) not in masked


@settings(max_examples=60, deadline=None)
@given(values=st.lists(TEXTS.filter(is_maskable), min_size=1, max_size=4), text=st.text(max_size=40))
def test_secrets_that_overlap_leave_nothing_of_each_other(values: list[str], text: str) -> None:
    assume(not any("*" in value for value in values))
    secrets = Secrets()
    for value in values:
        secrets.add(value)
    masked = secrets.mask(text.join(values) + "".join(values))
    assert not [value for value in values if value in masked]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(document=JSON, value=TEXTS | st.integers(min_value=100_000).map(str))
def test_a_document_stays_a_document(document: object, value: str) -> None:
    assume(is_maskable(value) and "*" not in value)
    masked = told(value).mask_all({"targets": [document, value, f"x{value}y"], "number": 123_456_789, "warnings": None})
    assert json.loads(json.dumps(masked)) == masked
    assert list(masked) == ["targets", "number", "warnings"]
    assert masked["number"] == 123_456_789
    assert masked["targets"][1:] == [MASK, f"x{MASK}y"] or value not in "".join(masked["targets"][1:])


@pytest.mark.parametrize("word", ["targets", "schema", "number"])
def test_a_key_of_the_schema_is_never_masked(word: str) -> None:
    assert told(word).mask_all({word: f"the {word}"}) == {word: f"the {MASK}"}


def test_a_key_that_is_data_is_masked() -> None:
    assert told("hunter2hunter2").mask_all({"docs/hunter2hunter2.md": 1}) == {f"docs/{MASK}.md": 1}


@pytest.mark.parametrize("value", ["true", "8080", "dev", " erp \n", "production", "Enabled", "critical\n", "deployed"])
def test_a_short_or_common_value_does_not_shred_every_text(value: str) -> None:
    text = f"{value} 8080 true production"
    assert told(value).mask(text) == text


def test_no_word_that_a_program_reads_in_a_report_is_ever_masked() -> None:
    words = {word for word in (*schema_words(), *LEVELS, *LEVELS.values()) if len(word) >= MIN_MASKED_LENGTH}
    assert len(words) > 10
    assert {word.lower() for word in words} <= COMMON_VALUES


@pytest.mark.parametrize("value", ["0arning0", "unwarningly"])
def test_words_within_a_secret_are_no_secrets(value: str) -> None:
    secrets = Secrets()
    secrets.add(value)
    assert secrets.mask("a warning") == "a warning"
    assert secrets.mask(f"echo {value}") == f"echo {MASK}"


def test_the_settings_of_a_secret_in_json_are_masked_by_themselves() -> None:
    secrets = told(json.dumps({"username": "erp-service", "password": "hunter2hunter2", "host": "db.invalid"}))
    assert secrets.mask("hunter2hunter2 at db.invalid") == f"{MASK} at db.invalid"


def test_a_long_secret_that_was_cut_is_masked_as_far_as_it_goes() -> None:
    value = base64.b64encode(bytes(range(200))).decode()
    masked = told(value).mask(f"the token is {value[:150]}...")
    assert masked.startswith(f"the token is {MASK}")
    assert len(masked) < 60


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Authorization: Bearer ya29.a0AfB_by-x", f"Authorization: Bearer {MASK}", id="a bearer's token"),
        pytest.param("'authorization': 'bearer abcdef123456'", f"'authorization': 'bearer {MASK}'", id="in a repr"),
        pytest.param("Authorization: Basic QVdTOmh1bnRlcjI=", f"Authorization: Basic {MASK}", id="a user's password"),
        pytest.param("a bearer token is missing", "a bearer token is missing", id="a word about a token"),
        pytest.param("basic scanning sees less.", "basic scanning sees less.", id="a word about scans"),
        pytest.param("to erp:pa55@mongo:27017", f"to erp:{MASK}@mongo:27017", id="an address without its scheme"),
        pytest.param("a=erp:pa55@db.invalid,b", f"a=erp:{MASK}@db.invalid,b", id="an address in a list"),
        pytest.param("repo:1a2b3c4@sha256:0a1b.", "repo:1a2b3c4@sha256:0a1b.", id="an image with tag and digest"),
        pytest.param("owner: kim@example.com", "owner: kim@example.com", id="somebody's mail"),
        pytest.param("mailto:kim@example.com", "mailto:kim@example.com", id="a link to somebody's mail"),
        pytest.param("git@github.com:org/erp.git", "git@github.com:org/erp.git", id="a clone by SSH"),
        pytest.param("id ASIAIOSFODNN7EXAMPLE.", f"id {MASK}.", id="a session's key"),
        pytest.param("AKIAIOSFODNN7EXAMPLEandmore", f"{MASK}andmore", id="a key before a word"),
        pytest.param("?X-Amz-Security-Token=IQo%2F&x", f"?X-Amz-Security-Token={MASK}&x", id="a session's token"),
        pytest.param("t eyJhbGciOi.eyJzdWIiOi.sig-_ e", f"t {MASK} e", id="a signed token"),
        pytest.param(f"key:\n{PEM}next", f"key:\n{MASK}\nnext", id="a private key"),
        pytest.param(json.dumps(PEM), f'"{MASK}\\n"', id="a private key in JSON"),
        pytest.param(PEM[:400], MASK, id="the beginning of a private key"),
        pytest.param(f"why: it failed\n{PEM[200:]}", f"why: it failed\n{MASK}\n", id="the end of a private key"),
        pytest.param(
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            id="a certificate is public",
        ),
    ],
)
def test_a_secret_that_nobody_told_is_known_by_its_looks(text: str, shown: str) -> None:
    assert Secrets().mask(text) == shown


LINES = {
    "one letter": "a",
    "addresses without an end": "://a:",
    "addresses of images": "://a:@sha256:",
    "ends of addresses": "@",
    "bearers": "bearer ",
    "a bearer and blanks": "bearer  ",
    "signed tokens": "eyJaaaaa.",
    "beginnings of keys": "-----BEGIN A-----",
    "ends of keys": "A\n-----END A-----",
    "dashes": "-",
    "the secret itself": "hunter2hunter2",
    "nearly the secret": "hunter2hunter",
    "parameters": "password=",
    "users": "erp:",
    "users and hosts": "erp:pass@a",
}


@pytest.mark.parametrize("unit", LINES.values(), ids=LINES)
def test_a_line_of_a_megabyte_is_masked_in_well_under_a_second(unit: str) -> None:
    secrets = Secrets()
    for value in (*VALUES.values(), "a" * 30 + "b"):
        secrets.add(value)
    line = unit * (1_000_000 // len(unit))
    began = time.process_time()
    secrets.mask(line)
    assert time.process_time() - began < 1
