"""`unlock`: free the lock of a run that is confirmed dead."""

from erp_build.cli.console import Console
from erp_build.cli.options import UNIT, CommonOptions, flag
from erp_build.errors import Locked
from erp_build.formats.printable import one_line

EXAMPLES = """\
examples:
  erp-build unlock            shows who holds the lock, and frees it if that run is dead
  erp-build unlock --force    frees it in any case: two runs may then deploy at the same time

A dead run needs no unlock: the next run waits until the lock has expired (`lock_expires`), and then takes it.
"""


class Options(CommonOptions):
    """The options of `unlock`."""

    force: bool = flag("--force", "free it even if its holder is still running")
    unit: str | None = UNIT


def main(options: Options, console: Console) -> None:
    """Free the lock."""
    with console.site(console.unit(options.unit)) as site:
        clients, release = site.clients, site.release
        reading = clients.leases.read(release)
        lease = reading.lease
        if lease is None or not lease.holder:
            console.print("nobody holds the lock")
            return
        who = f"{lease.build}, commit {lease.commit[:12]}, last heartbeat {lease.renewed}"
        if lease.is_held(reading.now) and not options.force:
            raise Locked(
                "the holder of the lock may still be running",
                where=str(release),
                why=f"{who}: its lock has not expired",
                next_step="wait for it, or erp-build unlock --force if it is confirmed dead",
            )
        if clients.effects.write_lease(release, lease.freed(failed=True)) is None:
            raise Locked(
                "the lock has changed in the meantime", where=release.name, next_step="look again: erp-build unlock"
            )
    console.print(one_line(f"freed: {who}"))
