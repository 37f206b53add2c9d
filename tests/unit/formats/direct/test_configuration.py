"""The configuration of an image: values arrive as they are, and the document is the same each time."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.dockerfile.direct.health import nanoseconds
from erp_build.formats.dockerfile.direct.ports import ports_of
from erp_build.formats.dockerfile.direct.reading import recipe_of
from erp_build.formats.dockerfile.direct.recipe import Copy, Recipe
from erp_build.formats.dockerfile.direct.signals import is_signal
from erp_build.formats.oci.configuration import CREATED, MadeStep, configuration_of

BASE: dict[str, Any] = {
    "created": "2024-01-02T03:04:05Z",
    "architecture": "arm64",
    "variant": "v8",
    "os": "linux",
    "os.version": "1",
    "docker_version": "20.10",
    "container": "abc",
    "config": {"Env": ["PATH=/bin"], "Hostname": "abc", "Cmd": ["sh"]},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:a", "sha256:b"]},
    "history": [{"created": "2024", "created_by": "one"}, {"created_by": "two", "empty_layer": True}],
}
LINE_ENDS = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters=LINE_ENDS), max_size=30)
WORDS = st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=4)
PLAIN = st.text("abz가나-_. +,()", min_size=1, max_size=12).filter(lambda text: text.strip(" .") == text)


def made_of(text: str, base: dict[str, Any] = BASE) -> tuple[MadeStep, ...]:
    """The steps of a Dockerfile, each COPY and WORKDIR with a layer."""
    recipe = recipe_of(text, base)
    assert isinstance(recipe, Recipe), recipe
    return tuple(MadeStep(step, f"sha256:{step.line}" * isinstance(step, Copy)) for step in recipe.steps)


def document_of(text: str, base: dict[str, Any] = BASE) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(configuration_of(base, made_of(text, base), "linux/amd64"))
    return document


def settings_of(text: str) -> dict[str, Any]:
    settings: dict[str, Any] = document_of(text, {})["config"]
    return settings


def quoted(value: str) -> str:
    """A value in double quotes, as a Dockerfile writes it."""
    return '"' + "".join(f"\\{char}" if char in '"$\\' else char for char in value) + '"'


def test_the_machine_is_the_bases() -> None:
    document = document_of("FROM a\n")
    assert {key: document.get(key) for key in ("architecture", "variant", "os", "os.version")} == {
        "architecture": "arm64", "variant": "v8", "os": "linux", "os.version": "1"
    }  # fmt: skip
    assert "container" not in document
    assert "docker_version" not in document


@pytest.mark.parametrize(
    ("platform", "expected"),
    [("linux/amd64", ("linux", "amd64", None)), ("linux/arm64/v8", ("linux", "arm64", "v8"))],
)
def test_without_a_base_the_machine_is_the_one_that_is_asked_for(
    platform: str, expected: tuple[str, str, str | None]
) -> None:
    document = json.loads(configuration_of({}, (), platform))
    assert (document["os"], document["architecture"], document.get("variant")) == expected


def test_every_time_is_the_same() -> None:
    document = document_of("FROM a\nENV A=1\nCOPY a /b\n")
    assert document["created"] == CREATED
    assert {entry["created"] for entry in document["history"][3:]} == {CREATED}


def test_layers_are_those_of_the_base_and_of_the_steps_that_made_one() -> None:
    document = document_of("FROM a\nCOPY a /b\nENV A=1\nCOPY c /d\n")
    assert document["rootfs"] == {"type": "layers", "diff_ids": ["sha256:a", "sha256:b", "sha256:2", "sha256:4"]}


def test_the_history_has_an_entry_with_a_layer_for_every_layer() -> None:
    document = document_of("FROM a\nCOPY a /b\nENV A=1\n")
    with_layer = [entry for entry in document["history"] if not entry.get("empty_layer")]
    assert len(with_layer) == len(document["rootfs"]["diff_ids"])
    assert [entry.get("created_by") for entry in document["history"]] == [
        "one", "two", None, "COPY a /b # buildkit", "ENV A=1"
    ]  # fmt: skip


def test_a_history_that_speaks_of_more_layers_than_there_are_is_corrected() -> None:
    base = {**BASE, "rootfs": {"diff_ids": []}}
    assert [entry.get("empty_layer") for entry in document_of("FROM a\n", base)["history"]] == [True, True]


def test_what_says_nothing_is_not_there() -> None:
    document = document_of("FROM a\nUSER ''\nENTRYPOINT []\nCMD []\n")
    assert document["config"] == {"ArgsEscaped": True, "Env": ["PATH=/bin"]}


def test_the_order_of_the_bases_keys_does_not_count() -> None:
    turned = dict(reversed([*BASE.items()]))
    made = made_of("FROM a\nLABEL b=1 a=2\nEXPOSE 2 1\n")
    assert configuration_of(turned, made, "linux/amd64") == configuration_of(BASE, made, "linux/amd64")


@pytest.mark.parametrize(("classic", "retries"), [(True, 3), (False, None)])
def test_options_of_an_earlier_health_check_stay_with_the_classic_builder(
    *, classic: bool, retries: int | None
) -> None:
    base = {**BASE, "config": {"Healthcheck": {"Test": ["CMD", "up"], "Retries": 3, "Interval": 5}}}
    made = made_of("FROM a\nHEALTHCHECK --interval=1s CMD x\n", base)
    settings = json.loads(configuration_of(base, made, "linux/amd64", classic=classic))["config"]
    assert settings["Healthcheck"].get("Retries") == retries
    assert (settings["Healthcheck"]["Interval"], settings["Healthcheck"]["Test"]) == (10**9, ["CMD-SHELL", "x"])


@pytest.mark.parametrize(("classic", "expected"), [(True, {}), (False, {"ArgsEscaped": True, "WorkingDir": "/"})])
def test_each_builder_has_a_spelling_of_its_own(*, classic: bool, expected: dict[str, Any]) -> None:
    made = made_of('FROM scratch\nCMD ["x"]\n', {})
    settings = json.loads(configuration_of({}, made, "linux/amd64", classic=classic))["config"]
    assert {key: settings[key] for key in ("ArgsEscaped", "WorkingDir") if key in settings} == expected


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True), TEXTS, min_size=1, max_size=5))
def test_values_arrive_as_they_are(values: dict[str, str]) -> None:
    pairs = " ".join(f"{name}={quoted(value)}" for name, value in values.items())
    settings = settings_of(f"FROM scratch\nENV {pairs}\nLABEL {pairs}\n")
    environment = dict(entry.split("=", 1) for entry in settings["Env"])
    assert {name: environment[name] for name in values} == values
    assert settings["Labels"] == values


@given(WORDS)
def test_the_words_of_a_command_arrive_as_they_are(words: list[str]) -> None:
    settings = settings_of(f"FROM scratch\nENTRYPOINT {json.dumps(words)}\nCMD {json.dumps(words)}\n")
    assert settings["Entrypoint"] == settings["Cmd"] == words


@given(st.lists(PLAIN, min_size=1, max_size=3), PLAIN)
def test_names_of_files_arrive_as_they_are(names: list[str], folder: str) -> None:
    made = made_of(f"FROM scratch\nCOPY {json.dumps([*names, f'/{folder}/'])}\n", {})
    (copy,) = (one.step for one in made)
    assert isinstance(copy, Copy)
    assert (copy.sources, copy.destination) == (tuple(names), f"/{folder}/")


@given(st.integers(0, 65535), st.integers(0, 40), st.sampled_from(["tcp", "UDP", "sctp"]))
def test_a_range_has_each_of_its_ports(first: int, more: int, protocol: str) -> None:
    last = min(first + more, 65535)
    ports = [*ports_of(f"{first}-{last}/{protocol}")]
    assert ports == [f"{port}/{protocol.lower()}" for port in range(first, last + 1)]


@given(st.integers(0, 99), st.integers(0, 59), st.integers(1, 59_999))
def test_a_time_is_the_sum_of_its_parts(hours: int, minutes: int, milliseconds: int) -> None:
    seconds, rest = divmod(milliseconds, 1000)
    text = f"{hours}h{minutes}m{seconds}.{rest:03}s"
    assert nanoseconds(text) == ((hours * 60 + minutes) * 60_000 + milliseconds) * 10**6


@pytest.mark.parametrize("text", ["5", "s", "1 s", "-1s", "1ns", "1d", "1.5", "9999999999s", "999999999h", "1s2", "٣s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an option is"):
        nanoseconds(text)


@pytest.mark.parametrize("text", ["SIGTERM", "term", "Sigint", "15", "064", "SIGRTMIN", "RTMIN+15", "SIGRTMAX-14"])
def test_signals(text: str) -> None:
    assert is_signal(text)


@pytest.mark.parametrize(
    "text", ["", "0", "00", "SIG", "SIGSIGTERM", "TERM ", "RTMIN+16", "RTMAX-15", "-1", "USR3", "1.0"]
)
def test_what_is_no_signal(text: str) -> None:
    assert not is_signal(text)
