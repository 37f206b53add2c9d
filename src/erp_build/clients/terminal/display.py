"""A terminal's live display: a line per target at work, redrawn in place below the lines that stay."""

from typing import TYPE_CHECKING, TextIO

from erp_build.clients.terminal.board import Board

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

REDRAWS = 4
"""Per second."""


class Display:
    """Shows a board on a terminal while anything is at work.

    Args:
        stream: the terminal.
        board: who is at work.
    """

    def __init__(self, stream: TextIO, board: Board) -> None:
        self._stream = stream
        self._board = board
        self._live: Live | None = None

    def start(self) -> None:
        """Begin; again is nothing."""
        if self._live is None:
            # Only here: a terminal has a person before it, and no pipeline waits for this import.
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                get_renderable=self._table,
                console=Console(file=self._stream, highlight=False, markup=False),
                refresh_per_second=REDRAWS,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def stop(self) -> None:
        """End, and take the lines away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def print(self, line: str) -> bool:
        """Print a line that stays, above the others; False where nothing is shown now."""
        if self._live is None:
            return False
        self._live.console.print(line, soft_wrap=True)
        return True

    def _table(self) -> "Table":
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        for line in self._board.lines():
            table.add_row(line.target, line.phase, f"{line.seconds:.0f} s{line.moved}")
        return table
