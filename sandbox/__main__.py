"""`python -m sandbox install|up|down|status|reset|demo`: puts the sandbox up and takes it down."""

import argparse
import sys

from sandbox.errors import SandboxError
from sandbox.lifecycle import AWS_COMPONENTS, COMPONENTS, down, install, reset, status, up


def main() -> int:
    """Run one of the verbs."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("verb", choices=["install", "up", "down", "status", "reset", "demo"])
    parser.add_argument("--only", choices=["aws"], help="up: only the engine and AWS, no Kubernetes")
    parser.add_argument(
        "--runner",
        nargs="?",
        const="runner",
        default="",
        choices=["runner", "slim"],
        help="demo: in the runner image, or in the slim one, which is built first",
    )
    options = parser.parse_args()
    try:
        if options.verb == "status":
            return status()
        if options.verb == "demo":
            from sandbox.demo import play

            return play.main(options.runner)
        verbs = {
            "install": install,
            "up": lambda: up(AWS_COMPONENTS if options.only else COMPONENTS),
            "down": down,
            "reset": reset,
        }
        verbs[options.verb]()
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
