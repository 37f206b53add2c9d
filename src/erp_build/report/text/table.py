"""Rows of cells as lines of a text, and the first few of many texts."""

from collections.abc import Sequence

from erp_build.formats.printable import cells, one_line, padded


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows with their columns one below the other; a cell stays on its line, whatever it holds."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(cells(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def section(title: str, rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> list[str]:
    """A title, and below it the rows with the names of their columns; nothing where there is no row."""
    if not rows:
        return []
    return [title, *(f"  {line}" for line in table([head, *rows] if head else rows))]


def few(texts: Sequence[str], limit: int) -> list[str]:
    """The first texts, and the number of those that are left out."""
    return [*texts[:limit], *([f"and {len(texts) - limit} more"] if len(texts) > limit else [])]
