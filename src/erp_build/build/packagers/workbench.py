"""Where a packager works: the repository, and a way to run its programs as all others of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from erp_build.clients.clock import Clock
from erp_build.clients.process import TimedOut, child_environment, run, tail
from erp_build.clients.terminal.progress import Progress
from erp_build.errors import BuildFailed
from erp_build.model.project import Function, Service


@dataclass(frozen=True, kw_only=True, slots=True)
class Workbench:
    """What a packager gets.

    Attributes:
        root: of the repository.
        timeout: seconds for one program: `timeout` of [build].
        clock: the time.
        progress: for lines about what goes on.
        given: variables that its programs get besides ours: `pass` and [build.secrets].
    """

    root: Path
    timeout: float
    clock: Clock
    progress: Progress
    given: Callable[[], Mapping[str, str]] = dict

    def run(self, words: Sequence[str], target: Service | Function, *variables: str) -> float:
        """Run a program in a service's directory, and return its seconds.

        Args:
            words: the program and its arguments; no secret, which every user of the machine could read.
            target: the service.
            variables: beginnings of environment variables that it gets beside PATH, HOME and their like.

        Raises `BuildFailed` where it is not there, fails, or takes too long.
        """
        began = self.clock.monotonic()
        try:
            done = run(
                words,
                env={**child_environment(*variables), **self.given()},
                cwd=self.root / target.path,
                timeout=min(self.timeout, self.clock.time_left()),
                on_line=partial(self.progress.detail, target=target.name),
            )
        except TimedOut as error:
            step = "raise `timeout` of [build] in erp-build.toml"
            raise _failed(words, target, f"{error}\n{tail(error.tail)}", step) from error
        except OSError as error:
            raise _failed(words, target, error.strerror or str(error), "install it, or add it to PATH") from error
        if done.code:
            why = tail(f"{done.stdout}\n{done.stderr}") or f"exit code {done.code}"
            raise _failed(words, target, why, f"call it by hand in {target.path}: {' '.join(words)}")
        return self.clock.monotonic() - began


def _failed(words: Sequence[str], target: Service | Function, why: str, next_step: str) -> BuildFailed:
    error = BuildFailed(f"{words[0]} failed", where=f"{target.name} ({target.path})", why=why, next_step=next_step)
    error.targets = frozenset({target.name})
    return error
