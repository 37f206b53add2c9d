"""Secret values of a run: once added, they are masked in every text that leaves the program.

CodeBuild masks only the parameters of its own buildspec, and none that a program reads by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.formats.printable import printable
from erp_build.formats.secrets.looks import secret_spans
from erp_build.formats.secrets.names import is_secret_name, passwords_of_addresses, settings_of_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import Any

    from erp_build.formats.secrets.looks import Span

MASK = "***"


class Secrets:
    """The secret values of this run."""

    def __init__(self) -> None:
        self._forms: set[str] = set()

    def add(self, value: str) -> None:
        """Mask a value from now on, in every form that other programs give it, and each of its lines.

        Not a value that is too short or too common (`is_maskable`), such as `true`, `8080` or `production`. Of a
        JSON document, what has a secret's name is masked by itself too.
        """
        from erp_build.formats.secrets.forms import forms_of  # imported here: a plan has nothing to mask

        self._forms.update(forms_of(value))
        for name, part in settings_of_json(value):
            self.add_named(name, part)

    def add_named(self, name: str, value: str) -> None:
        """Mask a setting's value if its name says that it may be a secret, and the password of any address in it."""
        if is_secret_name(name):
            self.add(value)
        for password in passwords_of_addresses(value):
            self.add(password)

    def mask(self, text: str) -> str:
        """Return a text with secrets replaced by `***`: what was added, and what looks like a secret."""
        # A copy, because another thread may be adding a secret at this moment.
        spans = [span for form in tuple(self._forms) if form in text for span in _occurrences(form, text)]
        spans += secret_spans(text)
        return _masked(text, spans) if spans else text

    def shown(self, text: str) -> str:
        """What a person may see of a text: masked, then without what would move the cursor (`printable`)."""
        return printable(self.mask(text))

    def mask_all(self, document: Any, keys: Collection[str] = ()) -> Any:
        """Return a JSON document with each of its texts masked by itself, so that it stays a document.

        Args:
            document: objects, lists and texts.
            keys: words of its schema that are no identifiers. An identifier is never masked as a key; any other key,
                such as a path, is data.
        """
        if isinstance(document, str):
            return self.mask(document)
        if isinstance(document, dict):
            return {
                name if name.isidentifier() or name in keys else self.mask(name): self.mask_all(value, keys)
                for name, value in document.items()
            }
        if isinstance(document, list | tuple):
            return [self.mask_all(value, keys) for value in document]
        return document


def _occurrences(form: str, text: str) -> Iterator[Span]:
    place = text.find(form)
    while place >= 0:
        end = place + len(form)
        yield place, end
        place = text.find(form, end)


def _masked(text: str, spans: Iterable[Span]) -> str:
    """A text with one mask for all spans that overlap: nothing is left of a secret that another one begins in."""
    parts, kept_from, masked_to = list[str](), 0, 0
    for begin, end in sorted(spans):
        if begin >= masked_to:
            parts += (text[kept_from:begin], MASK)
        masked_to = kept_from = max(masked_to, end)
    return "".join((*parts, text[kept_from:]))
