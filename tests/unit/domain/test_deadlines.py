"""How long a run may take by its own deadlines."""

from erp_build.domain.deadlines import deadlines
from erp_build.domain.project import Check, DeployPolicy, Project
from tests.support.samples import ERP, NOTIFICATION


def test_the_sample_may_take_55_minutes() -> None:
    assert [(part.part, part.seconds) for part in deadlines(ERP)] == [
        ("Maven", 1200.0),
        ("gate", 600.0),
        ("functions", 600.0),
        ("rollout", 300.0),
        ("taking back", 600.0),
    ]


def test_a_check_counts_for_every_service_that_it_is_for() -> None:
    checks = (Check("all", timeout=60.0), Check("one", timeout=5.0, targets=(NOTIFICATION,)))
    assert deadlines(ERP._replace(checks=checks))[0] == ("checks", 4 * 60.0 + 5.0)


def test_what_is_kept_after_a_failure_takes_no_time() -> None:
    project = Project(deploy=DeployPolicy(on_failure="keep"))
    assert [part.part for part in deadlines(project)] == ["Maven", "gate", "rollout"]
