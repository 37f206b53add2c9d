"""Every regular expression of the program reads a long line in a time that grows with its length and no faster."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import erp_build
from erp_build.formats.messages import catalogue
from erp_build.formats.secrets import looks as secret_looks
from erp_build.formats.secrets import names as secret_names
from tests.support.slow_patterns import slow_unit

ROOT = Path(erp_build.__file__).parent
USES = {"search": "search", "match": "match", "fullmatch": "fullmatch"} | dict.fromkeys(
    ("finditer", "findall", "sub", "split"), "finditer"
)
"""A method of `re` -> the one that takes as long."""

SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted(ROOT.rglob("*.py"))}


def called_of(text: str) -> dict[str, set[str]]:
    """A name -> the methods that a source calls of it."""
    found: dict[str, set[str]] = {}
    for name, method in re.findall(r"\b(\w+)\.(\w+)\(", text):
        found.setdefault(name, set()).add(method)
    return found


CALLED = called_of("\n".join(SOURCES.values()))


def patterns() -> Iterator[tuple[str, str, str]]:
    """A name for each pattern of the program, the pattern, and how it is used."""
    for path, text in SOURCES.items():
        tree = ast.parse(text)
        names = {
            id(node.value): ast.unparse(node.targets[0]) for node in ast.walk(tree) if isinstance(node, ast.Assign)
        }
        for call in ast.walk(tree):
            if (
                isinstance(call, ast.Call)
                and ast.unparse(call.func).startswith("re.")
                and call.args
                and isinstance(call.args[0], ast.Constant)
            ):
                pattern = call.args[0].value
                pattern = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
                for use in sorted(_uses(ast.unparse(call.func).removeprefix("re."), names.get(id(call), ""), text)):
                    yield f"{path.relative_to(ROOT)}:{call.lineno}", str(pattern), use
    for entry in catalogue("maven")["kind"]:
        for cause in (entry, *entry.get("cause", ())):
            for sign in (*cause.get("signs", ()), *cause.get("goals", ()), cause.get("goal", "")):
                yield f"maven.toml:{entry['name']}", sign, "search"
    for module in (secret_names, secret_looks):
        for name, value in vars(module).items():
            texts = value.values() if isinstance(value, dict) else [value]
            how = "match" if name == "USER" else "finditer" if module is secret_looks else "search"
            yield from ((name, text, how) for text in texts if name.isupper() and isinstance(text, str))


def _uses(function: str, name: str, text: str) -> set[str]:
    """How a pattern is used: by the function itself, or where its name is, or where any of the file is."""
    if function in USES:
        return {USES[function]}
    if function != "compile":
        return set()
    called = CALLED.get(name.rpartition(".")[2], set()) if name else called_of(text).get("pattern", set())
    return {USES[method] for method in called if method in USES} or {"search"}


PLACES = {(pattern, use): name for name, pattern, use in patterns() if re.search("[*+{]", pattern)}
"""A pattern that repeats something and how it is used -> its place; any other reads a line once."""

CASES = [
    pytest.param(pattern, use, id=f"{number} {name} {use}")
    for number, ((pattern, use), name) in enumerate(PLACES.items())
]


@pytest.mark.parametrize(("pattern", "use"), CASES)
def test_no_line_makes_a_pattern_slow(pattern: str, use: str) -> None:
    assert slow_unit(re.compile(pattern), use) == ""


@pytest.mark.parametrize(
    ("pattern", "use"),
    [
        pytest.param(
            r"(?<=://)[^/\s:@\"']*:[^\s\"'<>]+(?=@(?!sha256:))", "finditer", id="reads the rest at each address"
        ),
        pytest.param(r"The project \(.*\) has \d+ errors?", "search", id="reads the rest at each word"),
        pytest.param(r"(?i)(pass|pwd)(?!.*name$)", "search", id="looks ahead to the end at each word"),
        pytest.param(r"(pass)(_?\d+|_(dev|test))*$", "search", id="reads a number in very many ways"),
        pytest.param(r"^(\.{0,2}/[\w.-]+)+/?$", "search", id="reads a path in very many ways"),
    ],
)
def test_a_pattern_that_is_slow_is_found(pattern: str, use: str) -> None:
    assert slow_unit(re.compile(pattern), use) != ""


def test_the_patterns_of_the_program_are_found() -> None:
    assert len(CASES) > 50
    assert {"FRAME", "REFUSED_NAME", "maven.toml:dependency"} <= set(PLACES.values())
