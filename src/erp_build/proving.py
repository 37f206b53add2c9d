"""What a run proves where it deploys nothing, or only a part: that what runs already is what was cleared."""

from erp_build.changes.baselines import chosen_of, refuse_older
from erp_build.changes.live_state import read_live_state
from erp_build.clients.site import Site
from erp_build.deployment.going_back.automatic import bake_again, bake_words
from erp_build.deployment.going_back.stuck_release import watch_again
from erp_build.deployment.lock import Lock
from erp_build.deployment.proof import prove_again
from erp_build.deployment.recording import is_unproven, record_proof
from erp_build.errors import ErpBuildError, VerificationFailed, explain
from erp_build.model.choice import choice_of
from erp_build.model.plan import LiveState
from erp_build.run_options import Options
from erp_build.run_record import Run


def prove_what_runs(run: Run, site: Site, lock: Lock, live: LiveState, commit: str, left_out: str = "") -> None:
    """Prove what an earlier run deployed, and record that proof, where everything that runs can be proven."""
    proofs = run.stage(prove_again, site, live)
    if len(proofs) == len(live.running):
        if is_unproven(lock.entries):
            run.stage(watch_again, site, lock)
            bake_again(run, site, lock)
        record_proof(site, lock, commit, left_out, bake_words(run))


def require_proven(run: Run, site: Site, lock: Lock, live: LiveState) -> None:
    """Prove what runs before a part of it is deployed: the proof of that part would vouch for the rest as well."""
    words = "the last deployment was cut off or failed, and this run proves only what was chosen"
    try:
        prove_what_runs(run, site, lock, live, "")
    except ErpBuildError as error:
        explain(error, words, next_step="run without --only and --except, or erp-build rollback")
        raise
    if is_unproven(lock.entries):
        raise VerificationFailed(
            "what would be left out is not proven",
            where=str(site.release),
            why=words,
            next_step="run without --only and --except, or erp-build rollback",
        )


def prove_that_nothing_is_to_do(run: Run, site: Site, options: Options, head: str, live: LiveState) -> None:
    """Prove what runs. Where that fails because a newer run deploys at the same time, that is what is said."""
    try:
        # An earlier run may have been cut off between its deployment and its proof.
        run.stage(prove_again, site, live)
    except VerificationFailed:
        if not options.allow_older:
            now = run.stage(read_live_state, site)
            refuse_older(
                site.clients.repository,
                head,
                chosen_of(now, site.project, choice_of(site.project, options.only, options.without)),
            )
        raise
