"""Which hooks of Helm's record of a revision count as a migration that has run."""

import pytest

from erp_build.deployment.migrations.objects import OF_UPGRADE, hooks_that_ran
from erp_build.model.releases.release import HookRun


@pytest.mark.parametrize(
    ("kind", "events", "counts"),
    [
        ("Job", ("post-install", "pre-upgrade"), "Job a (pre-upgrade)"),
        ("Job", ("pre-rollback",), "Job a (pre-rollback)"),
        ("Job", ("test",), ""),
        ("Job", ("pre-delete",), ""),
        ("ConfigMap", ("pre-upgrade",), ""),
    ],
)
def test_what_began_at_an_event_of_a_deployment_counts(kind: str, events: tuple[str, ...], counts: str) -> None:
    """Helm describes a rollback that failed in other words, so that its hooks are found among those of upgrades."""
    found = hooks_that_ran([HookRun(kind, "a", "Succeeded", events)], OF_UPGRADE)
    assert [str(one) for one in found] == [counts] * bool(counts)
