"""The reader of YAML, with a bound on nesting: its cost in lists within lists grows with the square of their depth."""

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ruamel.yaml import YAML

MAX_DEPTH = 100
"""Levels of nesting that are read."""


def yaml_reader(kind: Literal["rt", "safe"]) -> "YAML":
    """Return a reader, which keeps the places of a text (`rt`) or makes plain values (`safe`).

    It raises `RecursionError` for a text that is nested too deeply.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.scanner import Scanner

    yaml = YAML(typ=kind, pure=True)
    # A reader of plain values chooses its scanner when it begins.
    scanner = yaml.Scanner or Scanner
    # The class is made here, because the library is loaded only where YAML is read.
    yaml.Scanner = type("BoundedScanner", (scanner,), {"fetch_flow_collection_start": _bounded(scanner)})
    return yaml


def _bounded(scanner: Any) -> Any:
    def fetch(self: Any, *opening: Any, **named: Any) -> None:
        if self.flow_level >= MAX_DEPTH:
            raise RecursionError(f"more than {MAX_DEPTH} levels")
        scanner.fetch_flow_collection_start(self, *opening, **named)

    return fetch
