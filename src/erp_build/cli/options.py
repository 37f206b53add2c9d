"""The options that verbs share: their types, and the words of the command line.

The options of a verb are a class with an attribute for each. A default stands once: here, where a plan is read without
argparse, else in `configure` of the verb. argparse fills an object of the class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from erp_build.clients.git.early_diff import EarlyDiff
    from erp_build.model.stage_hooks import Pipeline


class CommonOptions:
    """What every verb has.

    Attributes:
        repo: the repository's root.
        config: another file than the one at the root.
        verbose, quiet: how often each was said.
        early: the comparison that was started before the imports; of `plan`.
        stages: what a caller of the library does at the stages of `run`.
    """

    repo: str = "."
    config: str | None = None
    verbose: int = 0
    quiet: int = 0
    early: EarlyDiff | None = None
    stages: Pipeline | None = None


class LockOptions(CommonOptions):
    """What every verb has that deploys.

    Attributes:
        wait_for_lock: seconds that another run is waited for.
    """

    wait_for_lock: float


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every verb has."""
    parser.add_argument("--repo", metavar="DIR", help="the repository's root (default: here)")
    parser.add_argument("--config", metavar="FILE", help="another erp-build.toml than the one at the root")
    parser.add_argument("-v", "--verbose", action="count", help="show the output of Maven and the engine")
    parser.add_argument("-q", "--quiet", action="count", help="show only results and errors")


def add_rebuild_option(parser: argparse.ArgumentParser) -> None:
    """Add `--rebuild`, which may be given several times."""
    parser.add_argument(
        "--rebuild",
        metavar="NAME",
        nargs="?",
        const="",
        action="append",
        help="build NAME anew although its content has an image; without NAME, every service and function",
    )


def add_lock_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a verb that deploys."""
    parser.add_argument(
        "--wait-for-lock",
        metavar="TIME",
        type=_duration,
        default=0.0,
        help="wait so long for another run, such as 20m (default: leave with 11)",
    )


def _duration(text: str) -> float:
    from erp_build.config.toml_table import duration

    seconds = 0.0 if text == "0" else duration(text)
    if seconds is None:
        import argparse

        raise argparse.ArgumentTypeError(f"{text!r} is no duration: 90s, 5m or 1h")
    return seconds
