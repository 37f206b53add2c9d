"""Git commands that ask a remote: they end when nothing comes, when it takes too long, and with the run."""

from collections.abc import Mapping

from erp_build.clients.git.command import run_git
from erp_build.clients.process import Result, run

REMOTE_CALL_S = 300.0
"""Seconds for a fetch or a push."""

SLOW_BYTES_PER_S, SLOW_FOR_S = 1000, 30
"""Git ends a transfer by HTTP that is slower than this for so many seconds."""

SSH_OPTIONS = "-o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=2"
"""Seconds to connect by SSH, and until a server that does not answer any more is given up."""


def ask_remote(folder: str, environment: Mapping[str, str], *words: str) -> Result:
    """Run a Git command that asks a remote.

    Args:
        folder: of the clone.
        environment: of the command, with what signs in to the remote (`network_environment`). What it says about slow
            transfers or SSH stays as it is.
        words: the command.

    Raises `TimedOut` after `REMOTE_CALL_S`, and `FileNotFoundError` when there is no Git.
    """
    given = {**_limits(folder, environment), **environment}
    return run(["git", "-C", folder, *words], env=given, timeout=REMOTE_CALL_S)


def _limits(folder: str, environment: Mapping[str, str]) -> dict[str, str]:
    limits = {"GIT_HTTP_LOW_SPEED_LIMIT": f"{SLOW_BYTES_PER_S}", "GIT_HTTP_LOW_SPEED_TIME": f"{SLOW_FOR_S}"}
    if "GIT_SSH" in environment or _setting(folder, environment, "core.sshCommand"):
        # Somebody chose the program, and it may have other options.
        return limits
    return {**limits, "GIT_SSH_COMMAND": f"ssh {SSH_OPTIONS}"}


def _setting(folder: str, environment: Mapping[str, str], name: str) -> str:
    _, output, _ = run_git(("-C", folder, "config", "--get", name), folder, environment)
    return output.decode("utf-8", "replace").strip()
