"""The reader of YAML, with tabs as Helm's reader takes them, and a bound on nesting.

Helm's reader is a port of libyaml, which takes a tab between tokens of a line; ruamel.yaml takes none. Without a bound
the cost of lists within lists grows with the square of their depth.
"""

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ruamel.yaml import YAML

MAX_DEPTH = 100
"""Levels of nesting that are read."""

BREAKS = "\r\n\x85\u2028\u2029"


def yaml_reader(kind: Literal["rt", "safe"]) -> "YAML":
    """Return a reader, which keeps the places of a text (`rt`) or makes plain values (`safe`).

    It raises `RecursionError` for a text that is nested too deeply.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.scanner import Scanner

    yaml = YAML(typ=kind, pure=True)
    # A reader of plain values chooses its scanner when it begins.
    scanner = yaml.Scanner or Scanner
    methods = {
        "fetch_flow_collection_start": _bounded(scanner),
        "scan_to_next_token": _past_tabs(scanner),
        "scan_plain_spaces": _with_tabs(scanner),
    }
    # The class is made here, because the library is loaded only where YAML is read.
    yaml.Scanner = type("BoundedScanner", (scanner,), methods)
    return yaml


def _bounded(scanner: Any) -> Any:
    def fetch(self: Any, *opening: Any, **named: Any) -> None:
        if self.flow_level >= MAX_DEPTH:
            raise RecursionError(f"more than {MAX_DEPTH} levels")
        scanner.fetch_flow_collection_start(self, *opening, **named)

    return fetch


def _past_tabs(scanner: Any) -> Any:
    def scan(self: Any) -> Any:
        # A tab at the beginning of a line would be an indent.
        allowed = " \t" if self.flow_level or not self.allow_simple_key else " "
        if self.reader.peek() in allowed:
            self.reader.forward(_blanks(self, allowed))
        return scanner.scan_to_next_token(self)

    return scan


def _with_tabs(scanner: Any) -> Any:
    def scan(self: Any, indent: Any, start_mark: Any) -> Any:
        length = _blanks(self, " \t")
        blanks = self.reader.prefix(length)
        if "\t" not in blanks:
            return scanner.scan_plain_spaces(self, indent, start_mark)
        self.reader.forward(length)
        return scanner.scan_plain_spaces(self, indent, start_mark) if self.reader.peek() in BREAKS else [blanks]

    return scan


def _blanks(scanner: Any, blanks: str) -> int:
    """The number of blanks that come next."""
    length = 0
    while scanner.reader.peek(length) in blanks:
        length += 1
    return length
