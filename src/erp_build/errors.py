"""The tree of errors. A class has an exit code; an instance says what failed, where, why, and what to do next.

Failure                      whatever ends a run
|- Interrupted  129/130/143  SIGHUP, SIGINT, SIGTERM; no `Exception`
|- OutputFailed          74  the result could not be written: a full disk
`- ErpBuildError         70  a bug of ours
   |- ConfigurationError     2  usage, settings, credentials, values file
   |- DetectionRefused       3  --strict, and a baseline is in doubt
   |- BuildFailed            4  Maven, Dockerfile, engine
   |- PushFailed             5  registry
   |- GateBlocked            6  findings over the policy, or a check that fails
   |- GateInconclusive       7  no complete, fresh scan in time, or a check without an end
   |- FunctionUpdateFailed   8  Lambda
   |- ReleaseFailed          9  cluster, Helm, rollout
   |- VerificationFailed    10  what runs is not what was cleared
   |- RunTimedOut            9  the run's own time is over
   |- NewerDeployed         11  a newer commit is live
   |- PartlyDeployed        12  some units were deployed, and some were not
   |- PlanMoved             13  the saved plan does not hold any more
   |- DriftFound            14  what runs is not what was recorded (`status --exit-code`)
   `- StatusUnread          15  what runs, or what is recorded of it, cannot be read (`status --exit-code`)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self


class Failure(BaseException):
    """Ends a run, with texts for the terminal and the reports.

    Args:
        what: what failed, one line.
        where: the file, service, call or address.
        why: the cause as far as it is known; may have several lines.
        next_step: what the reader can do now.
    """

    code = 70
    """The exit code of the process that ends with this error."""

    def __init_subclass__(cls, code: int | None = None) -> None:
        cls.code = cls.code if code is None else code

    def __init__(self, what: str, *, where: str = "", why: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.next_step = next_step


class ErpBuildError(Failure, Exception):
    """Base of every error of ours; raised itself, it is a bug of erp_build."""

    passes = False
    """Whether the same question may get another answer a moment later; `clients/patience.py` asks it again."""

    wait = 0.0
    """Seconds after which the other side wants to be asked again."""

    def passing(self, wait: float = 0.0, *, if_so: bool = True) -> Self:
        """Mark the error as one that passes, and return it."""
        self.passes, self.wait = if_so, wait
        return self


class ConfigurationError(ErpBuildError, code=2):
    """Usage, settings, credentials or the values file are wrong."""


class NotConfigured(ConfigurationError):
    """There is no erp-build.toml, and the default is for another layout."""


class NoLogGroup(ConfigurationError):
    """CloudWatch has no log group of this name: nothing was logged to it yet, or the name is wrong."""


class DetectionRefused(ErpBuildError, code=3):
    """A baseline is in doubt, and the caller refuses doubt (`--strict`)."""


class BuildFailed(ErpBuildError, code=4):
    """Maven, the Dockerfile or the engine did not make an image; `targets` are named where several were made."""

    targets: frozenset[str] = frozenset()


class FleetFull(BuildFailed):
    """CodeBuild begins no further build now: the project's or the account's limit is reached."""


class NeedsEngine(BuildFailed):
    """An image cannot be made without an engine, as was only seen in what it is made of: an engine may make it."""


class BaseUnreadable(BuildFailed):
    """A base image cannot be read from its registry: an engine may have it."""


class OfNoRegistry(BuildFailed):
    """A base image was made on this engine: no registry can be asked for it."""


class PushFailed(ErpBuildError, code=5):
    """The registry did not accept an image."""


class TagTaken(PushFailed):
    """The tag names another image already, and the repository has immutable tags."""


class GateBlocked(ErpBuildError, code=6):
    """A scan found more than the policy allows."""


class GateInconclusive(ErpBuildError, code=7):
    """There is no complete and fresh scan to judge."""


class FunctionUpdateFailed(ErpBuildError, code=8):
    """Lambda does not run the new image."""


class FunctionChanged(FunctionUpdateFailed):
    """Somebody has changed the function since it was read, but not its image: read again, it may be updated."""


class ReleaseFailed(ErpBuildError, code=9):
    """The cluster, Helm or a rollout failed."""

    objects: tuple[tuple[str, str, str], ...] = ()
    """Kind, name and namespace of the objects whose pods tell why."""


class OutOfReach(ReleaseFailed):
    """The cluster does not answer, or cannot answer now; a later attempt may succeed."""

    passes = True


class VerificationFailed(ErpBuildError, code=10):
    """What runs is not what was cleared by the gate."""


class BakeBroken(VerificationFailed):
    """What was deployed and proven has broken while it was watched."""

    objects: tuple[tuple[str, str, str], ...] = ()
    """Kind, name and namespace of the objects whose pods tell why."""


class RunTimedOut(ErpBuildError, code=9):
    """The time of the run is over before everything was deployed and proven.

    Args:
        seconds: that the run had.
    """

    def __init__(self, seconds: float) -> None:
        # Imported here: only an error needs it.
        from datetime import timedelta

        super().__init__(
            f"the time of the run is over: {timedelta(seconds=seconds)}",
            where="timeout of erp-build.toml, or --timeout",
            why="what was begun has ended; nothing further was begun",
            next_step="run again: what was already built, pushed or deployed is recognised; or raise the timeout",
        )


class NewerDeployed(ErpBuildError, code=11):
    """A newer commit than this run's is deployed."""


class PartlyDeployed(ErpBuildError, code=12):
    """Of several releases and functions some were deployed, and some stay as they were."""


class PlanMoved(ErpBuildError, code=13):
    """A saved plan does not hold any more: something that it was made of has moved."""


class DriftFound(ErpBuildError, code=14):
    """Something runs that is not what was recorded."""


class StatusUnread(ErpBuildError, code=15):
    """What runs, or what is recorded of it, cannot be read, so that nobody can say whether all is well."""


class Locked(ErpBuildError, code=11):
    """Another run holds the lock of the release, or has taken it from this run."""


class OutputFailed(Failure, code=74):
    """The result of a command could not be written; what the command did is done."""


class Interrupted(Failure):
    """A signal ended the run; its code is 128 + the signal's number.

    It is no `Exception`, because botocore would take it for a broken connection and retry.
    """

    def __init__(self, signal_number: int, name: str) -> None:
        super().__init__(
            f"ended by {name}",
            why="the run was asked to stop; it ended its child processes and began nothing new",
            next_step="run again: what was already built, pushed or deployed is recognised",
        )
        self.code = 128 + signal_number


def attempt(work: Callable[[], object]) -> Exception | None:
    """Do work whose failure must not change how a run ends; return its error, for the caller to report.

    Signals are raised as they are.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001 - returned: the run's own result counts for more
        return error
    return None


def told(error: BaseException) -> str:
    """Return an error as text: what and why; of a foreign error its class, message and notes."""
    if isinstance(error, Failure):
        return f"{error.what}: {error.why}" if error.why else error.what
    return "\n".join((f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())))


def explain(error: BaseException, *lines: str, next_step: str = "") -> None:
    """Add lines to the cause of an error, and replace its next step; a foreign error gets them as a note."""
    if isinstance(error, Failure):
        error.why = "\n".join((error.why, *lines)).strip()
        error.next_step = next_step or error.next_step
    elif note := "\n".join((*lines, *([f"next: {next_step}"] if next_step else []))):
        error.add_note(note)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most similar to a misspelled one; empty if none is similar."""
    # Imported here: only an error needs it.
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1)), "")


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return "did you mean" with the most similar known word, or `otherwise` if none is similar."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else otherwise


def first_hint(hints: Mapping[str, str], message: str, otherwise: str) -> str:
    """Return the hint of the first key (in lower case) that a tool's message contains, else `otherwise`."""
    lowered = message.lower()
    return next((hint for part, hint in hints.items() if part in lowered), otherwise)


def combine(errors: Sequence[ErpBuildError]) -> ErpBuildError:
    """Combine errors of several targets into one that names them all; class and next step are those of the first."""
    first = errors[0]
    if len(errors) == 1:
        return first
    details = "\n".join(f"{error.where}: {error.what}\n{error.why}".strip() for error in errors)
    # Not by its own constructor, which may take something else, such as seconds.
    combined = type(first).__new__(type(first))
    where = ", ".join(error.where for error in errors)
    Failure.__init__(combined, f"{len(errors)} targets failed", where=where, why=details, next_step=first.next_step)
    return combined
