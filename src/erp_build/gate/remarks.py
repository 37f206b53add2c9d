"""What is said while images are judged, which happens at once for all of them."""

from collections.abc import Callable, Iterable


class Remarks:
    """Passes on what is said, and keeps it in the order of the images, whichever of them is judged first.

    Args:
        say: takes each line at once.
        targets: in the order of the images. What is about none of them comes first.
    """

    def __init__(self, say: Callable[[str, str], object], targets: Iterable[str]) -> None:
        self._say = say
        self._places = {name: place for place, name in enumerate(dict.fromkeys(targets))}
        self._said: list[tuple[str, str]] = []

    def say(self, text: str, target: str = "") -> None:
        """Say a line about a target, or about none; from any thread."""
        self._say(text, target)
        self._said.append((text, target))

    @property
    def lines(self) -> tuple[str, ...]:
        """What was said, each line once."""
        return tuple(
            dict.fromkeys(
                f"{target}: {text}" if target else text for text, target in sorted(self._said, key=self._place)
            )
        )

    def _place(self, said: tuple[str, str]) -> tuple[int, str]:
        text, target = said
        # One thread alone speaks of an image, so its lines have an order; those about none are put into one.
        return self._places.get(target, -1), "" if target else text
