"""What a verb is: a module of `cli/verbs` with the names of `Verb`. Type checkers alone read this."""

from typing import Protocol, TypeVar

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions

OptionsT = TypeVar("OptionsT", bound=CommonOptions)


class Verb(Protocol[OptionsT]):
    """A command of `erp-build`.

    Attributes:
        EXAMPLES: what its help ends with.
    """

    EXAMPLES: str

    @property
    def Options(self) -> type[OptionsT]:  # noqa: N802 - it is a class in each module
        """The class of its options, with a declaration of each that it has of its own."""

    def main(self, options: OptionsT, console: Console) -> int | None:
        """Do it, and return the exit code; None is 0."""
