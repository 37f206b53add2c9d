"""Values files of many shapes, as files: every tag of theirs is set, and nothing else changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

from erp_build.formats.values.file import BOM, set_tags

FILES = sorted((Path(__file__).parents[2] / "cases" / "values").glob("*.yaml"))
TAGS = {"OLD-1": "1234567", "OLD-2": "12e3456", "OLD-3": "0123456"}
"""The old tag -> the new one, which YAML would read as a number."""


def tagged(text: str) -> dict[str, yaml.ScalarNode]:
    """Service -> the scalar of its tag, where PyYAML finds it."""
    services = child(yaml.compose(text), "services")
    found = {name.value: child(child(service, "image"), "tag") for name, service in services.value}
    return {name: tag for name, tag in found.items() if tag is not None and tag.value in TAGS}


def child(node: Any, key: str) -> Any:
    return next((value for name, value in node.value if name.value == key), None)


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The scalars that are not the same: path and new value."""
    if isinstance(before, dict) and isinstance(after, dict):
        assert list(before) == list(after)
        for key in before:
            yield from differences(before[key], after[key], f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list):
        for place, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{path}.{place}")
    elif before != after or type(before) is not type(after):
        yield path, after


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 20


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_the_difference_is_exactly_the_tags(file: Path) -> None:
    content = file.read_bytes()
    before = wanted = content.removeprefix(BOM).decode()
    old = tagged(before)
    assert old
    for tag in sorted(old.values(), key=lambda node: node.start_mark.index, reverse=True):
        wanted = f'{wanted[: tag.start_mark.index]}"{TAGS[tag.value]}"{wanted[tag.end_mark.index :]}'
    new = {name: TAGS[tag.value] for name, tag in old.items()}
    edited = set_tags(content, {f"services.{name}": tag for name, tag in new.items()}, where=file.name)
    assert edited == content[: len(content) - len(before.encode())] + wanted.encode()
    for load in (yaml.safe_load, YAML(typ="safe", pure=True).load):
        changed = dict(differences(load(before), load(wanted)))
        assert changed == {f".services.{name}.image.tag": tag for name, tag in new.items()}
