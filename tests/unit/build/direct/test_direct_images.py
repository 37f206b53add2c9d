"""Every case of an image is made without an engine, and twice the same; `tests/world` compares it with an engine's."""

from pathlib import Path

import pytest

from tests.support.direct_images import Case, cases, imagined, make_directly
from tests.support.flattened import differences

IMAGES = imagined()
BUILDERS = [pytest.param(case, builder, id=f"{case.name}, {builder}") for case in cases() for builder in case.builders]


@pytest.mark.parametrize(("case", "builder"), BUILDERS)
def test_the_same_files_make_the_same_digest(case: Case, builder: str, tmp_path: Path) -> None:
    made = []
    for place in ("one", "two"):
        text = case.write(tmp_path / place, {name: name for name in IMAGES})
        made.append(make_directly(case, tmp_path / place, text, IMAGES, classic=builder == "classic"))
    first, second = made
    assert first.digest == second.digest
    assert differences(first.image, second.image) == []


def test_there_are_enough_cases() -> None:
    assert len([*cases()]) >= 60
