"""The parser of a verb's options. Its words go the way of all others: harmless on a terminal, and never a traceback."""

import argparse
import sys
from typing import Any, NoReturn

from erp_build.clients.terminal.streams import Output, tell
from erp_build.formats.printable import one_line, printable
from erp_build.report.text.error import error_text


class Parser(argparse.ArgumentParser):
    """Repeats what it was called with, such as a file's name, only in printable form."""

    def error(self, message: str) -> NoReturn:
        """End with 2 and a message, which stays on its line."""
        super().error(one_line(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        text = printable(message)
        if file is not sys.stdout:
            tell(sys.stderr, text.rstrip("\n"))
            return
        output = Output(sys.stdout)
        output.write(text, end="")
        if output.failure:
            tell(sys.stderr, error_text(output.failure))
            raise SystemExit(output.failure.code)
