"""Keeps what was made of the last few texts, where to make it takes long and a run needs it several times."""

from collections.abc import Callable
from typing import Generic, TypeVar

Text = TypeVar("Text", bytes, str)
Made = TypeVar("Made")


class Kept(Generic[Text, Made]):
    """The results by their texts; the oldest goes first. Nobody may change a result.

    Args:
        most: how many are kept.
        may_keep: whether a result may be kept.
    """

    def __init__(self, most: int, may_keep: Callable[[Made], bool] = lambda _: True) -> None:
        self._most = most
        self._may_keep = may_keep
        self._made: dict[Text, Made] = {}

    def of(self, text: Text, make: Callable[[], Made]) -> Made:
        """What was made of a text, or what is made of it now; an error is not kept."""
        if text in self._made:
            return self._made[text]
        made = make()
        if self._may_keep(made):
            while len(self._made) >= self._most:
                self._made.pop(next(iter(self._made)), None)
            self._made[text] = made
        return made

    def forget(self) -> None:
        """Make everything anew from now on."""
        self._made.clear()
