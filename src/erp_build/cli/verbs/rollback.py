"""`rollback`: take functions and release back to an earlier deployment, and prove it."""

import os

from erp_build.cli.console import Console
from erp_build.cli.options import UNIT, WAIT_FOR_LOCK, CommonOptions, flag, option
from erp_build.clients.site import Site
from erp_build.deployment.claim import claim_of
from erp_build.deployment.fencing.revision import newest
from erp_build.deployment.going_back.by_hand import find_destination, roll_back_to
from erp_build.deployment.going_back.stuck_release import recover_release
from erp_build.deployment.going_back.what_runs import telling_what_runs
from erp_build.deployment.lock import take_lock
from erp_build.deployment.migrations.passed import OVER_MIGRATION, require_nothing_passed
from erp_build.deployment.status import past_deployments
from erp_build.model.releases.deployment import Proof
from erp_build.report.json.status import proof_document
from erp_build.report.text.status import proof_text

EXAMPLES = """\
examples:
  erp-build rollback                  to what was proven last before what runs now
  erp-build rollback --to 1a2b3c4     to the proven deployment of this commit
  erp-build rollback --over-migration where that version works with what was migrated since

Before anything is touched, every image of that deployment must still be in the registry, and no migration may have run
since, unless you say that it may. The next run deploys the newest commit again: revert it first.
"""


class Options(CommonOptions):
    """The options of `rollback`."""

    to: str | None = option("--to", metavar="COMMIT", help="a commit that was deployed (erp-build history)")
    over_migration: bool = flag(OVER_MIGRATION, "also over a migration that has run since, which stays done")
    json: bool = flag("--json", "print the proof as JSON")
    wait_for_lock: float = WAIT_FOR_LOCK
    unit: str | None = UNIT


def main(options: Options, console: Console) -> None:
    """Roll back and print the proof."""
    with console.site(console.unit(options.unit)) as site:
        proofs = roll_back(site, options.to, options.wait_for_lock, over_migration=options.over_migration)
    console.show(proof_document(proofs, ()), proof_text(proofs, ()), as_json=options.json)


def roll_back(site: Site, to: str | None, wait: float, *, over_migration: bool = False) -> tuple[Proof, ...]:
    """Find the destination, take the lock, find the destination again, and go back to it.

    Raises `ReleaseFailed` where that passes over a migration, unless somebody said that it may.
    """
    past = past_deployments(site)
    destination = find_destination(site, past, to)
    require_nothing_passed(site, past, destination.state, over_migration=over_migration)
    claim = claim_of(os.environ, destination.commit, site.project.deploy.lock_expires, wait)
    with take_lock(site, claim) as lock, telling_what_runs(site, lambda: True):
        site = lock.site
        recover_release(site, lock, over_migration=over_migration)
        lock.builds_on(newest(site.clients.helm.history(site.release)))
        # Another run may have deployed while this one waited for the lock.
        destination = find_destination(site, lock.entries, to)
        passed = require_nothing_passed(site, lock.entries, destination.state, over_migration=over_migration)
        for line in passed.lines:
            site.say(f"back over a migration: {line}")
        site.say(f"back to {destination.commit[:12] or 'an unknown commit'}")
        return roll_back_to(site, destination, lock)
