"""The parser of a verb's options. Its words go the way of all others: harmless on a terminal, and never a traceback."""

import argparse
import sys
from functools import partial
from typing import Any, NoReturn

from erp_build.clients.terminal.streams import Output, columns_of, fit, tell
from erp_build.formats.fitted import fitted
from erp_build.formats.printable import one_line, printable
from erp_build.report.text.error import error_text

WIDTH, LEAST_WIDTH = 100, 40
"""Cells of a line of help where it is shown on no terminal, or on a wider one; and the fewest."""


class Parser(argparse.ArgumentParser):
    """Repeats what it was called with, such as a file's name, only in printable form.

    Args:
        words: as of `ArgumentParser`.
    """

    def __init__(self, **words: Any) -> None:
        super().__init__(**words, allow_abbrev=False)
        # argparse makes a formatter for every option, and by itself each of them would ask the terminal for its width.
        self.formatter_class = partial(argparse.RawDescriptionHelpFormatter, width=WIDTH)

    def format_usage(self) -> str:
        """The usage, as wide as the terminal of errors."""
        self._fit(sys.stderr)
        return super().format_usage()

    def format_help(self) -> str:
        """The help, as wide as the terminal of results."""
        width = self._fit(sys.stdout)
        text = super().format_help()
        return fitted(text, width) if width < WIDTH else text

    def _fit(self, stream: Any) -> int:
        width = max(LEAST_WIDTH, min(columns_of(stream) or WIDTH, WIDTH))
        self.formatter_class = partial(argparse.RawDescriptionHelpFormatter, width=width)
        return width

    def error(self, message: str) -> NoReturn:
        """End with 2 and a message, which stays on its line."""
        super().error(one_line(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        text = printable(message)
        if file is not sys.stdout:
            tell(sys.stderr, fit(text.rstrip("\n"), sys.stderr))
            return
        output = Output(sys.stdout)
        output.write(text, end="")
        if output.failure:
            tell(sys.stderr, error_text(output.failure))
            raise SystemExit(output.failure.code)
