"""Elements of a page. Every text is escaped on its way in, so that no name of a file or finding can leave its place."""

from collections.abc import Iterable
from html import escape

from erp_build.formats.printable import printable


class Markup(str):
    """Finished HTML; everything else that is put into an element is text."""

    __slots__ = ()


NOTHING = Markup("")
Content = str | Iterable[str]


def element(name: str, *content: Content, **attributes: str) -> Markup:
    """An element; `class_` is `class`, `data_label` is `data-label`, and an empty attribute is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(printable(value))}"'
        for key, value in attributes.items()
        if value
    )
    return Markup(f"<{name}{given}>{_inner(content)}</{name}>")


def lines(*content: Content) -> Markup:
    """Elements one after the other."""
    return Markup(_inner(content))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    """A table; on a narrow screen each row becomes a card, whose cells say by themselves which column they are."""
    names = tuple(head)
    body = [
        element("tr", *(element("td", cell, data_label=name) for name, cell in zip(names, row, strict=True)))
        for row in rows
    ]
    if not body:
        return NOTHING
    return element(
        "table", element("thead", element("tr", *(element("th", name) for name in names))), element("tbody", *body)
    )


def section(title: str, *content: Content, note: str = "") -> Markup:
    """A part of the page; one without content is left out."""
    inner = lines(*content)
    if not inner:
        return NOTHING
    said = element("p", note, class_="note") if note else NOTHING
    return element("section", element("h2", title), said, inner)


def pill(word: str, tone: str = "") -> Markup:
    """A word that stands out; the tone is good, bad, warn, info or nothing."""
    return element("span", word, class_=f"pill {tone}".strip())


def code(text: str, full: str = "") -> Markup:
    """A digest, commit or name in a fixed width; the whole of it is shown when pointed at."""
    return element("code", text, title=full if full != text else "")


def block(text: str) -> Markup:
    """A text of several lines as it is."""
    return element("pre", text.expandtabs(4))


def digest(text: str | None) -> Markup:
    """The begin of a digest."""
    return code(text[:19], text) if text else element("span", "-", class_="dim")


def seconds(number: float) -> str:
    """A time for people: 0.4 s, 12.3 s, 3 min 05 s."""
    minute = 60
    if number < minute:
        return f"{number:.1f} s"
    return f"{int(number) // minute} min {int(number) % minute:02d} s"


def _inner(content: Iterable[Content]) -> str:
    parts = (part for one in content for part in ((one,) if isinstance(one, str) else one))
    return "".join(part if isinstance(part, Markup) else escape(printable(part)) for part in parts)
