"""A stage of your own: nobody deploys on a Friday evening.

Called in place of `erp-build`: `python add_a_stage.py run`.
"""

from datetime import timedelta, timezone

from erp_build import ConfigurationError, Pipeline, Site, deploy, main

SEOUL = timezone(timedelta(hours=9))
FRIDAY, EVENING = 4, 16


def refuse_friday_evenings(site: Site, *_: object, **__: object) -> None:
    """Runs after the gate and before the first update; what it raises ends the run with its exit code, here 2."""
    now = site.clients.clock.now().astimezone(SEOUL)
    if now.weekday() == FRIDAY and now.hour >= EVENING:
        raise ConfigurationError("nobody deploys on a Friday evening", next_step="start the build again on Monday")


PIPELINE = Pipeline().at(deploy).before(refuse_friday_evenings)

if __name__ == "__main__":
    raise SystemExit(main(pipeline=PIPELINE))
