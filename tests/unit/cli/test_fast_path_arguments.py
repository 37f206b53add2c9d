"""A written out command line is read as argparse reads it, or left to argparse."""

import argparse
import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.cli.fast_path.arguments import read_written_out
from erp_build.cli.options import CommonOptions, add_options
from erp_build.cli.verbs import plan

WORDS = ("--base", "--head", "--repo", "--config", "--json", "--live", "--strict", "--markdown", "--bas", "--", "-v")
VALUES = ("", "HEAD~3", "-x", "--json", "a b", "=", "결재")


def by_argparse(arguments: list[str]) -> dict[str, object] | None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_options(parser, plan.Options)
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            return values_of(parser.parse_args(arguments, plan.Options()))
        except SystemExit:
            return None


def written_out(arguments: list[str]) -> dict[str, object] | None:
    found = read_written_out(arguments, plan.Options)
    return None if found is None else values_of(found)


def values_of(options: plan.Options) -> dict[str, object]:
    return {name: getattr(options, name) for kind in (plan.Options, CommonOptions) for name in kind.__annotations__}


joined = st.builds("{}={}".format, st.sampled_from(WORDS), st.sampled_from(VALUES))


@given(st.lists(st.sampled_from(WORDS + VALUES) | joined, max_size=7))
def test_what_is_read_without_argparse_is_what_argparse_reads(arguments: list[str]) -> None:
    ours = written_out(arguments)
    assert ours is None or ours == by_argparse(arguments)


@pytest.mark.parametrize(
    "arguments", [[], ["--base", "a", "--head", "b"], ["--base=a", "--json"], ["--repo", ".", "--strict"]]
)
def test_the_command_lines_of_scripts_need_no_argparse(arguments: list[str]) -> None:
    assert written_out(arguments) == by_argparse(arguments)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-v"], ["HEAD"], ["--base"], ["--json", "--markdown"], ["--json=1"]]
)
def test_whatever_else_is_left_to_argparse(arguments: list[str]) -> None:
    assert written_out(arguments) is None
