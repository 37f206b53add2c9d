"""argv -> command -> exit code. The only place that turns an error into text."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, cast

from erp_build.cli.fast_path.early_git import start
from erp_build.cli.verb_first import HELP, OTHERS, VERSION, verb_first
from erp_build.clients.terminal.streams import Output, fit, tell
from erp_build.errors import ErpBuildError, Failure, did_you_mean
from erp_build.formats.printable import one_line
from erp_build.report.text.error import error_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from erp_build.build.packagers.protocol import Packager
    from erp_build.cli.verb import OptionsT, Verb
    from erp_build.clients.git.early_diff import EarlyDiff
    from erp_build.clients.secrets import Secrets
    from erp_build.model.stages.hooks import Pipeline

VERBS = {
    "plan": "what a run would do, and why",
    "run": "build, clear, deploy and prove what changed",
    "build": "images for what has none yet; nothing is deployed",
    "status": "what runs now, and what was changed by hand",
    "logs": "what pods and functions print, in order of time",
    "history": "what was deployed when, and by which build",
    "verify": "whether what runs is what the registry has",
    "rollback": "both halves back to an earlier deployment",
    "unlock": "free the lock of a dead run",
    "init": "an erp-build.toml from what your repository holds",
    "doctor": "whether machine, repository, account and cluster are as a run needs them",
    "explain": "whom a path belongs to, and by which rule",
    "replay": "what a stretch of history would have built",
    "record": "a diff of the history as a case for tests",
    "gate": "judge images by their scans, in ECR or recorded",
    "values": "edit an image tag in a values file",
    "token": "sign in to a cluster (called by Helm)",
    "completion": "a script that completes words in your shell",
}

OFTEN = "plan"
"""The verb of hooks and pull requests, which takes the fast path."""

EXIT_CODES = """\
exit codes:
  0 done, or nothing to do        8 Lambda update failed
  2 usage or configuration        9 Helm release failed
  3 detection refused (--strict) 10 what runs is not what was cleared
  4 build failed                 11 locked, or newer is deployed
  5 push failed                  12 only some releases deployed
  6 gate: findings               13 a saved plan has moved
  7 gate: inconclusive           70 a bug of erp_build
  129 SIGHUP, 130 SIGINT         74 the output could not be written
  143 SIGTERM
"""


def main(
    argv: Sequence[str] | None = None, pipeline: Pipeline | None = None, packagers: Sequence[Packager] = ()
) -> int:
    """Run a command and return its exit code.

    Args:
        argv: the words behind the program's name; None: those of this process.
        pipeline: what you do at the stages of `run`; other verbs have no stages.
        packagers: packagers of your own, which `package` of a service names.
    """
    _speak_utf8()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] not in VERBS:
        arguments = verb_first(arguments)
    if not arguments or arguments[0] not in VERBS:
        return _no_verb(arguments)
    name = arguments[0]
    # Git works while the rest is imported.
    early = start(arguments[1:]) if name == OFTEN else None
    from erp_build.clients.secrets import Secrets

    secrets = Secrets()
    try:
        return _call(name, arguments[1:], early, secrets, pipeline, packagers)
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - the last handler: the traceback is shown, masked
        tell(sys.stderr, secrets.shown(_trace()))
        tell(sys.stderr, "erp_build: this is a bug of erp_build; please report the lines above")
        return ErpBuildError.code


def _call(
    name: str,
    arguments: Sequence[str],
    early: EarlyDiff | None,
    secrets: Secrets,
    pipeline: Pipeline | None,
    packagers: Sequence[Packager],
) -> int:
    """Parse the words behind a verb and run it; a failure becomes its text and its code."""
    from erp_build.cli.console import Console

    if early:
        # By now Git has said which commits the names mean.
        early.go_on()
    verb = verb_named(name)
    options = _options(name, verb, arguments)
    options.early, options.stages, options.packagers = early, pipeline, packagers
    console = Console(options, secrets)
    try:
        # How the work ended is told before how its result was written.
        return verb.main(options, console) or _end(console.output)
    except Failure as error:
        tell(sys.stderr, fit(secrets.shown(error_text(error)), sys.stderr))
        if options.verbose > 1:
            tell(sys.stderr, secrets.shown(_trace()))
        return error.code


def _end(output: Output) -> int:
    """The exit code of a command that did its work: 0, or what became of its result."""
    if output.failure:
        tell(sys.stderr, error_text(output.failure))
        return output.failure.code
    return 0


def _options(name: str, verb: Verb[OptionsT], arguments: Sequence[str]) -> OptionsT:
    if name == OFTEN:
        from erp_build.cli.fast_path.arguments import read_written_out

        if written_out := read_written_out(arguments, verb.Options):
            return written_out
    parser = parser_of(name, verb)
    options, unknown = parser.parse_known_args(arguments, verb.Options())
    if unknown:
        actions = parser._actions  # noqa: SLF001 - argparse has no other list of them
        known = [word for action in actions for word in action.option_strings]
        hint = did_you_mean(unknown[0].partition("=")[0], known, f"erp-build {name} --help shows what there is")
        parser.error(f"unrecognized arguments: {' '.join(unknown)}; {hint}")
    return options


def verb_named(name: str) -> Verb[Any]:
    """Import a verb when it is called: each brings the SDKs that it needs."""
    return cast("Verb[Any]", import_module(f"erp_build.cli.verbs.{name}"))


def parser_of(name: str, verb: Verb[OptionsT]) -> argparse.ArgumentParser:
    """The options of a verb."""
    from erp_build.cli.options import add_options
    from erp_build.cli.parser import Parser

    parser = Parser(
        prog=f"erp-build {name}",
        description=VERBS[name],
        epilog=verb.EXAMPLES,
    )
    add_options(parser, verb.Options)
    return parser


def _trace() -> str:
    import traceback

    return traceback.format_exc()


def _speak_utf8() -> None:
    """Print UTF-8 whatever the locale; a byte of a file's name that is none becomes an escape that JSON reads too."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _no_verb(arguments: Sequence[str]) -> int:
    given = arguments[0] if arguments else ""
    if given in HELP:
        return _answer(fit(_help(), sys.stdout))
    if given in VERSION:
        from erp_build.clients.machine.own_version import own_version

        return _answer(own_version())
    hint = did_you_mean(given, (*VERBS, *OTHERS), f"one of: {', '.join(VERBS)}")
    told = f"unknown verb `{one_line(given)}`" if given else "a verb is missing"
    tell(sys.stderr, fit(f"erp_build: {told}; {hint}", sys.stderr))
    return 2


def _answer(text: str) -> int:
    output = Output(sys.stdout)
    output.write(text)
    return _end(output)


def _help() -> str:
    verbs = "\n".join(f"  {verb:<10} {meaning}" for verb, meaning in (VERBS | OTHERS).items())
    return (
        "usage: erp-build VERB [options]      (erp-build help VERB shows them)\n\n"
        f"Builds, scans, deploys and proves what changed.\n\nverbs:\n{verbs}\n\n{EXIT_CODES}"
    )
