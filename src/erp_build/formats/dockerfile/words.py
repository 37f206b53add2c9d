"""Takes a text apart into words as the builder's own shell does, and puts the values of variables into it.

Own code, because no library reads it: `shlex` knows no variables, and a shell has other quotes and modifiers.
"""

from collections.abc import Mapping
from typing import NamedTuple

from erp_build.formats.dockerfile.globs import ANYTHING, Glob, Token

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What parts words. Python's own `isspace` has four control characters more."""

QUOTES = "'\""
SPECIAL_NAMES = "@*#?-$!0"
MAX_DEPTH = 40
"""Variables inside of the defaults of others."""

MAX_REPLACED = 512
"""Characters of a value in which a pattern (`${x/a*b/c}`) is looked for: each of them may be its beginning."""


class Words(NamedTuple):
    """What a text is, read by the builder.

    Attributes:
        text: as one word: without quotes, with the values of variables.
        words: as many words.
        unset: variables without a value. They stand in the text as they were written.
    """

    text: str
    words: tuple[str, ...]
    unset: frozenset[str] = frozenset()


def read_words(
    text: str,
    values: Mapping[str, str] | None = None,
    escape: str = "\\",
    *,
    raw: bool = False,
    keep: bool = False,
    blank: bool = False,
) -> Words:
    """Read a text.

    Args:
        text: of an instruction, or a word of it.
        values: of variables.
        escape: the character that takes the meaning off the next one.
        raw: whether quotes and escapes stay.
        keep: whether a variable without a value stays as it is written even where it has a default.
        blank: whether it is empty instead, as it is to the builder, who knows them all.

    Raises:
        ValueError: the builder refuses the text.
    """
    reader = _Reader(text, values or {}, escape, raw=raw, keep=keep, blank=blank)
    whole, words = reader.until("", raw=raw)
    return Words(whole, words, frozenset(reader.unset))


def expanded(word: str, values: Mapping[str, str], escape: str = "\\", *, blank: bool = False) -> Words:
    """The same; what the builder refuses stays as it is written, and counts as a text with a variable without value."""
    try:
        return read_words(word, values, escape, blank=blank)
    except ValueError:
        return Words(word, (word,), frozenset({word}))


class _Parts:
    """The words of a text, as far as it has been read."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._open: list[str] = []

    def add(self, text: str) -> None:
        """Add a text whose spaces part words."""
        for char in text:
            if char in SPACES:
                self.end()
            else:
                self._open.append(char)

    def add_whole(self, text: str) -> None:
        """Add a text whose spaces belong to it."""
        if text:
            self._open.append(text)

    def end(self) -> None:
        """End the word that is open, if any."""
        if self._open:
            self.found.append("".join(self._open))
            self._open = []


class _Reader:
    def __init__(
        self, text: str, values: Mapping[str, str], escape: str, *, raw: bool, keep: bool, blank: bool
    ) -> None:
        self._text = text
        self._values = values
        self._escape = escape
        self._raw_quotes = raw
        self._keep = keep
        self._blank = blank
        self._place = 0
        self._depth = 0
        self.unset: set[str] = set()

    def until(self, stop: str, *, raw: bool) -> tuple[str, tuple[str, ...]]:
        """Read on to a character, or to the end, and return the text and its words; `raw`: escapes stay."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError("variables are nested too deeply")
        result: list[str] = []
        parts = _Parts()
        while char := self._next():
            if char == stop:
                self._depth -= 1
                break
            if char == "$":
                read = self._variable()
                parts.add(read)
            elif char in QUOTES:
                read = self._single() if char == "'" else self._double(raw=raw)
                parts.add_whole(read)
            elif char == self._escape:
                read = (char if raw else "") + self._next()
                parts.add_whole(read)
            else:
                read = char
                parts.add(read)
            result.append(read)
        else:
            if stop:
                raise ValueError(f"there is no `{stop}`")
        parts.end()
        return "".join(result), tuple(parts.found)

    def _single(self) -> str:
        end = self._text.find("'", self._place)
        if end < 0:
            raise ValueError("there is no second '")
        inner, self._place = self._text[self._place : end], end + 1
        return f"'{inner}'" if self._raw_quotes else inner

    def _double(self, *, raw: bool) -> str:
        quote = '"' if self._raw_quotes else ""
        result = [quote]
        while char := self._next():
            if char == '"':
                return "".join((*result, quote))
            if char == "$":
                result.append(self._variable())
                continue
            if char == self._escape:
                following = self._peek()
                if raw:
                    result.append(char)
                if not following:
                    break
                # Other characters cannot be escaped: the escape stays.
                if following in ('"', "$", self._escape):
                    char = self._next()
            result.append(char)
        raise ValueError('there is no second "')

    def _variable(self) -> str:
        if self._peek() != "{":
            name = self._name()
            return self._value(name, f"${name}") if name else "$"
        self._next()
        if self._peek() in ("", "{", "}", ":"):
            raise ValueError("there is a `${` without a name")
        name, char = self._name(), self._next()
        if char == "}":
            return self._value(name, f"${{{name}}}")
        if char == "/":
            return self._replaced(name)
        is_strict = char == ":"
        operator = self._next() if is_strict else char
        if not operator or operator not in ("+-?" if is_strict else "+-?#%"):
            raise ValueError(f"`{char}` is no modifier of a variable")
        word, _ = self.until("}", raw=operator in "#%")
        return self._modified(name, operator, word, is_strict=is_strict)

    def _value(self, name: str, written: str) -> str:
        if name not in self._values:
            self.unset.add(name)
            return "" if self._blank else written
        return self._values[name]

    def _modified(self, name: str, operator: str, word: str, *, is_strict: bool) -> str:
        value = self._values.get(name)
        written = f"${{{name}{':' * is_strict}{operator}{word}}}"
        if value is None and (self._keep or operator in "#%" or (operator == "?" and not self._blank)):
            return self._value(name, written)
        has_value = bool(value) if is_strict else value is not None
        if operator == "+":
            return word if has_value else ""
        if operator in "-?" and not has_value:
            if operator == "?":
                raise ValueError(f"{name} has no value")
            return word
        return _trimmed(value or "", word, operator) if operator in "#%" else value or ""

    def _replaced(self, name: str) -> str:
        is_every = self._peek() == "/"
        if is_every:
            self._next()
        pattern, _ = self.until("/", raw=True)
        replacement, _ = self.until("}", raw=True)
        value = self._values.get(name)
        if value is None:
            return self._value(name, f"${{{name}/{pattern}/{replacement}}}")
        return _replaced(value, pattern, replacement, is_every=is_every)

    def _name(self) -> str:
        """A name of letters, digits and `_`, a number, or one character that a shell gives a meaning."""
        start, text = self._place, self._text
        if self._peek().isdecimal():
            while self._peek().isdecimal():
                self._place += 1
        elif self._peek() and self._peek() in SPECIAL_NAMES:
            self._place += 1
        else:
            while (char := self._peek()) and (char.isalpha() or char.isdecimal() or char == "_"):
                self._place += 1
        return text[start : self._place]

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _next(self) -> str:
        char = self._peek()
        self._place += 1
        return char


def _trimmed(value: str, pattern: str, operator: str) -> str:
    """A value without a beginning (`#`) or an end (`%`) that matches: the shortest, or with two of them the longest."""
    is_longest = pattern.startswith(operator)
    tokens = _tokens(pattern.removeprefix(operator) if is_longest else pattern)
    text = value
    if operator == "%":
        tokens.reverse()
        text = value[::-1]
    ends = tuple(Glob(tokens).ends(text))
    length = ends[-1 if is_longest else 0] if ends else 0
    return value[length:] if operator == "#" else value[: len(value) - length]


def _replaced(value: str, pattern: str, replacement: str, *, is_every: bool) -> str:
    if len(value) > MAX_REPLACED:
        raise ValueError("the value of a variable is too long to look for a pattern in it")
    glob, parts, place = Glob(_tokens(pattern)), [], 0
    while place < len(value):
        length = max(glob.ends(value[place:]), default=0)
        if length:
            parts.append(replacement)
            place += length
            if not is_every:
                break
        else:
            parts.append(value[place])
            place += 1
    return "".join((*parts, value[place:]))


def _tokens(pattern: str) -> list[Token]:
    """The parts of a shell's pattern, in which only `*` and `?` are special."""
    tokens: list[Token] = []
    place = 0
    while place < len(pattern):
        char = pattern[place]
        if char == "\\":
            place += 1
            char = pattern[place : place + 1]
            if not char or char not in "*?\\}/":
                raise ValueError(f"`\\{char}` is nothing in a pattern")
            tokens.append(Token(char.__eq__))
        else:
            tokens.append({"*": ANYTHING, "?": ANYTHING._replace(stays=False, jumps=())}.get(char, Token(char.__eq__)))
        place += 1
    return tokens
