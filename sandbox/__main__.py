"""`python -m sandbox up|down|status|reset|demo`: puts the sandbox up and takes it down."""

import argparse
import shutil
import sys
import time

from sandbox import tenant
from sandbox.faults import Faults
from sandbox.layout import CACHE, STATE
from sandbox.part import Part, SandboxError
from sandbox.parts import (
    account,
    aws,
    base_image,
    binaries,
    cluster,
    custom_resources,
    engine,
    faults,
    packages,
    registry,
    runner_image,
    sign_in,
)
from sandbox.processes import unmount_below

AWS_PARTS = (packages.PART, engine.PART, base_image.PART, aws.PART, registry.PART, faults.PART)
CLUSTER_PARTS = (binaries.PART, sign_in.PART, cluster.PART, custom_resources.PART)
PARTS: tuple[Part, ...] = (*AWS_PARTS, *CLUSTER_PARTS, account.PART)


def up(parts: tuple[Part, ...] = PARTS) -> None:
    """Put every part up, in order; what is up already is left alone."""
    start = time.monotonic()
    for part in parts:
        began = time.monotonic()
        if part.is_up():
            print(f"{part.name:<18} is up", flush=True)
            continue
        print(f"{part.name:<18} ...", flush=True)
        part.up()
        print(f"{part.name:<18} up in {time.monotonic() - began:.1f} s", flush=True)
    print(f"The sandbox is up ({time.monotonic() - start:.1f} s). Cache: {CACHE}, state: {STATE}")


def down() -> None:
    """Take every part down, in reverse order, and remove the state; the cache of built programs stays."""
    for part in reversed(PARTS):
        part.down()
        print(f"{part.name:<18} down", flush=True)
    unmount_below(STATE)
    if STATE.exists():
        shutil.rmtree(STATE)


def status() -> int:
    """A line per part; 0 when all are up."""
    states = [(part.name, part.is_up()) for part in PARTS]
    for name, is_up in states:
        print(f"{name:<18} {'up' if is_up else 'down'}")
    return 0 if all(is_up for _, is_up in states) else 1


def reset() -> None:
    """Bring the account back to its beginning and let everything go right again."""
    Faults().clear()
    tenant.create(account.DEFAULT.name)
    print("The account is as it was at the beginning.")


def main() -> int:
    """Run one of the verbs."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("verb", choices=["up", "down", "status", "reset", "demo"])
    parser.add_argument("--only", choices=["aws"], help="up: only the engine and AWS, no Kubernetes")
    options = parser.parse_args()
    try:
        if options.verb == "status":
            return status()
        if options.verb == "demo":
            from sandbox import demo

            up((*PARTS, runner_image.PART))
            return demo.main()
        {"up": lambda: up(AWS_PARTS if options.only else PARTS), "down": down, "reset": reset}[options.verb]()
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
