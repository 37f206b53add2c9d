"""The credential plugin of the run's kubeconfig: prints the run's own token, or has a new one signed.

Helm starts it for each call. It is run as a file and imports next to nothing: 20 ms instead of 400 with the AWS SDK.
"""

import json
import os
import sys
import time
from pathlib import Path

MIN_TOKEN_LIFE_S = 9 * 60
"""Seconds that a token must still be valid, because a call of Helm can take long; otherwise a new one is signed."""

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def main(file: str, cluster: str) -> None:
    """Print the ExecCredential in a file, or replace this process by the command that signs one."""
    try:
        credential = Path(file).read_text(encoding="utf-8")
        expires = json.loads(credential)["status"]["expirationTimestamp"]
    except (OSError, ValueError, LookupError):
        credential = expires = ""
    if expires > time.strftime(TIME_FORMAT, time.gmtime(time.time() + MIN_TOKEN_LIFE_S)):
        sys.stdout.write(credential)
    else:
        os.execv(sys.executable, [sys.executable, "-m", "erp_build", "token", "--cluster", cluster])  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
