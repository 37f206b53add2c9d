"""The words of an instruction as the builder sees them, as far as its variables are known."""

from collections.abc import Mapping

from erp_build.formats.dockerfile.words import Words, read_words


class Unknown(Exception):
    """A word has a variable that only the base image may set; it is read again once that image is known."""


class Sight:
    """Reads words with the variables that an instruction sees.

    Args:
        values: of the variables.
        escape: the character that takes the meaning off the next one.
        is_known: whether there are no others: what nothing sets is empty then. Else no word with a variable is read.
    """

    def __init__(self, values: Mapping[str, str], escape: str, *, is_known: bool) -> None:
        self._values = values
        self._escape = escape
        self._is_known = is_known

    def text(self, word: str) -> str:
        """A word with its variables replaced, without quotes.

        Raises:
            ValueError: the builder refuses it.
            Unknown: only the base image tells.
        """
        return self._read(word).text

    def words(self, word: str) -> tuple[str, ...]:
        """The words that it is when the values of variables may be several; raises the same."""
        return self._read(word).words

    def _read(self, word: str) -> Words:
        if not self._is_known and "$" in word:
            raise Unknown
        return read_words(word, self._values, self._escape, blank=True)
