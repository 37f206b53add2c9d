"""The options of a verb: a class with an attribute for each, declared once in the words of argparse.

argparse fills an object of the class, and `plan` is read without argparse where it can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from erp_build.build.packagers.protocol import Packager
    from erp_build.clients.git.early_diff import EarlyDiff
    from erp_build.model.stages.hooks import Pipeline

Choice = Literal["any", "at most one", "exactly one"]
"""How many options of a verb may be given together, of those that are declared with the same choice."""


class Option:
    """The declaration of an option: the attribute of an object is its default until it is given.

    Args:
        names: as on the command line; a name without dashes is a positional argument.
        default: what it is if it is not given.
        choice: whether it excludes others.
        words: what else `ArgumentParser.add_argument` is told.
    """

    def __init__(self, names: tuple[str, ...], default: object, choice: Choice, words: dict[str, Any]) -> None:
        self.names, self.default, self.choice, self.words = names, default, choice, words

    def __get__(self, options: CommonOptions | None, kind: type[CommonOptions]) -> object:
        return self if options is None else self.default


def option(*names: str, default: object = None, choice: Choice = "any", **words: Any) -> Any:
    """Declare an option or a positional argument, as `Option` describes it."""
    return Option(names, default, choice, words)


def flag(name: str, meaning: str, choice: Choice = "any") -> Any:
    """Declare an option without a value: true if it is given."""
    return option(name, default=False, choice=choice, action="store_true", help=meaning)


def file_option(name: str, meaning: str, choice: Choice = "any") -> Any:
    """Declare an option whose value is the path of a file."""
    from pathlib import Path

    return option(name, choice=choice, metavar="FILE", type=Path, help=meaning)


class CommonOptions:
    """What every verb has.

    Attributes:
        repo: the repository's root.
        config: another file than the one at the root.
        verbose, quiet: how often each was said.
        early: the comparison that was started before the imports; of `plan`.
        stages: what a caller of the library does at the stages of `run`.
        packagers: of a caller of the library.
    """

    repo: str = option("--repo", default=".", metavar="DIR", help="the repository's root (default: here)")
    config: str | None = option("--config", metavar="FILE", help="another erp-build.toml than the one at the root")
    verbose: int = option("-v", "--verbose", default=0, action="count", help="show the output of Maven and the engine")
    quiet: int = option("-q", "--quiet", default=0, action="count", help="show only results and errors")
    early: EarlyDiff | None = None
    stages: Pipeline | None = None
    packagers: Sequence[Packager] = ()


REBUILD: list[str] | None = option(
    "--rebuild",
    metavar="NAME",
    nargs="?",
    const="?",
    action="append",
    help="build NAME anew although its content has an image ('*': every one); without NAME, each whose base has moved "
    "or that runs with a finding that has a fix",
)
"""An option of `plan` and `run`, which may be given several times; without a name it is `?`."""

REBUILD_IMAGES: list[str] | None = option(
    "--rebuild",
    metavar="NAME",
    nargs="?",
    const="*",
    action="append",
    help="build NAME anew although its content has an image; without NAME, every service and function",
)
"""The same of `build`, which does not look at what runs."""


ONLY: list[str] | None = option(
    "--only",
    metavar="NAME",
    nargs="+",
    action="extend",
    help="deploy only these services, functions or the chart; everything else stays as it runs",
)
"""An option of `plan` and `run`: the only targets that may be deployed."""

WITHOUT: list[str] | None = option(
    "--except",
    metavar="NAME",
    nargs="+",
    action="extend",
    dest="without",
    help="leave these services, functions or the chart as they run",
)
"""An option of `plan` and `run`: targets that may not be deployed; `except` is a word of Python."""


UNIT: str | None = option(
    "--unit", metavar="NAME", help="of several releases, that of the [[chart]] of this name; or a function apart"
)
"""An option of every verb that is about one release, or about a function that is deployed by itself."""


def add_options(parser: argparse.ArgumentParser, options: type[CommonOptions]) -> None:
    """Add the options of a verb: its own, then those that every verb has."""
    groups: dict[str, argparse._ActionsContainer] = {"any": parser}
    declared = [each for kind in options.__mro__ for each in vars(kind).values() if isinstance(each, Option)]
    for each in declared:
        if each.choice not in groups:
            groups[each.choice] = parser.add_mutually_exclusive_group(required=each.choice == "exactly one")
        # argparse knows by its default whether such a list was given, where it excludes others.
        words = {**each.words, "default": each.default} if each.words.get("nargs") == "*" else each.words
        if each.words.get("action", "append") in ("append", "extend"):
            words = {**words, "type": _given(each.words.get("type", str))}
        groups[each.choice].add_argument(*each.names, **words)


def _given(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """What reads the value of an option, and refuses an empty one: it comes from a variable that is unset."""

    def value(text: str) -> Any:
        if not text:
            import argparse

            raise argparse.ArgumentTypeError("the value is empty; is a variable unset?")
        return read(text)

    # argparse names it where a value is refused.
    value.__name__ = getattr(read, "__name__", "value")
    return value


def _duration(text: str) -> float:
    from erp_build.config.toml_table import duration

    seconds = 0.0 if text == "0" else duration(text)
    if seconds is None:
        import argparse

        raise argparse.ArgumentTypeError(f"{text!r} is no duration: 90s, 5m or 1h")
    return seconds


WAIT_FOR_LOCK = option(
    "--wait-for-lock",
    default=0.0,
    metavar="TIME",
    type=_duration,
    help="wait so long for another run, such as 20m (default: leave with 11)",
)
"""The option of every verb that deploys: seconds that another run is waited for."""

TIMEOUT = option(
    "--timeout",
    default=0.0,
    metavar="TIME",
    type=_duration,
    help="give up unless everything is deployed and proven after so long, such as 45m (default: `timeout` of the file)",
)
"""The option of `run`: seconds for the run as a whole."""
