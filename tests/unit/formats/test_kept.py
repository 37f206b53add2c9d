"""What was made of the last few texts is kept, and no more than that."""

import pytest

from erp_build.formats.kept import Kept


def test_it_is_made_once_as_long_as_it_is_kept() -> None:
    kept: Kept[str, list[str]] = Kept(2, may_keep=lambda made: made != ["secret"])
    made: list[str] = []

    def of(text: str) -> list[str]:
        def make() -> list[str]:
            made.append(text)
            return [text]

        return kept.of(text, make)

    for text in ("a", "b", "a", "secret", "c", "b", "a", "secret"):
        assert of(text) == [text]
    assert made == ["a", "b", "secret", "c", "a", "secret"]
    kept.forget()
    assert of("a") == ["a"]
    assert made[-1] == "a"


def test_an_error_is_not_kept() -> None:
    kept: Kept[bytes, int] = Kept(2)
    with pytest.raises(ZeroDivisionError):
        kept.of(b"x", lambda: 1 // 0)
    assert kept.of(b"x", lambda: 1) == 1
