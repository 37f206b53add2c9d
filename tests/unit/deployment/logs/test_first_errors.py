"""The first errors of what was deployed, behind its proof: told, and no reason to fail."""

from erp_build.formats.logs.moments import NANOSECONDS, nanoseconds_of, shown_moment
from erp_build.model.releases.evidence import FirstError
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, REQUEST

GROUP = f"/aws/lambda/{FUNCTION}"
ERROR = "08:19:40 ERROR c.e.n.Kafka - no broker"


def prints(world: FakeWorld, name: str, *texts: str, pod: int = 0, seconds: int = 60) -> str:
    """The next pod of a service prints something; returns its name."""
    unit = f"{name}-{world.cluster.deployments[name].generation + 1}-{pod}"
    at = nanoseconds_of(world.clock.now()) + seconds * NANOSECONDS
    world.cluster.printed.add(unit, name, at, *texts)
    return unit


def test_a_new_pod_that_fails_after_it_was_ready_is_told(world: FakeWorld) -> None:
    unit = prints(world, NOTIFICATION, "08:19:39 INFO started", ERROR, "\tat Kafka.java:3", "08:19:41 INFO on")
    at = shown_moment(nanoseconds_of(world.clock.now()) + 60 * NANOSECONDS)
    world.change(NOTIFICATION)
    report = world.run()
    assert report.outcome == "deployed"
    assert report.first_errors == (
        FirstError(
            target=NOTIFICATION, unit=unit, container=NOTIFICATION, at=at, lines=(ERROR, "\tat Kafka.java:3"), times=1
        ),
    )
    assert f"{NOTIFICATION}: error in {unit}: {ERROR}" in world.progress.lines


def test_the_same_error_of_several_pods_is_told_once_with_its_number(world: FakeWorld) -> None:
    for pod in (0, 1):
        prints(world, NOTIFICATION, f"08:19:4{pod} ERROR c.e.n.Kafka - no broker at 10.0.0.{pod}", pod=pod)
    world.change(NOTIFICATION)
    (error,) = world.run().first_errors
    assert error.times == 2


def test_what_was_not_deployed_and_what_ran_before_is_not_told(world: FakeWorld) -> None:
    prints(world, REQUEST, ERROR)
    unit = prints(world, NOTIFICATION, ERROR)
    world.cluster.created[unit] = "2025-12-31T00:00:00Z"
    world.change(NOTIFICATION)
    assert world.run().first_errors == ()


def test_a_function_that_fails_since_its_update_is_told(world: FakeWorld) -> None:
    now = nanoseconds_of(world.clock.now())
    long_ago, soon = now - NANOSECONDS, now + 3600 * NANOSECONDS
    world.log_groups.add(GROUP, "2026/01/01/[1]0a", long_ago, "[ERROR] before")
    world.log_groups.add(GROUP, "2026/01/01/[1]0a", soon, "[ERROR] KeyError: 'id'", "[INFO] fine")
    world.change(EMPLOYEE)
    (error,) = world.run().first_errors
    assert (error.target, error.container, error.lines) == (EMPLOYEE, "", ("[ERROR] KeyError: 'id'",))


def test_pages_with_nothing_in_them_hide_no_error(world: FakeWorld) -> None:
    world.log_groups.add(
        GROUP, "2026/01/01/[1]0a", nanoseconds_of(world.clock.now()) + 3600 * NANOSECONDS, "[ERROR] no"
    )
    world.log_groups.empty_pages = 19
    world.change(EMPLOYEE)
    assert [error.lines for error in world.run().first_errors] == [("[ERROR] no",)]


def test_a_search_that_finds_no_begin_is_said(world: FakeWorld) -> None:
    world.log_groups.add(
        GROUP, "2026/01/01/[1]0a", nanoseconds_of(world.clock.now()) + 3600 * NANOSECONDS, "[ERROR] no"
    )
    world.log_groups.empty_pages = 1000
    world.change(EMPLOYEE)
    assert world.run().first_errors == ()
    said = [line for line in world.progress.lines if line.startswith("first errors are not read: ")]
    assert said == [
        f"first errors are not read: {GROUP}: its begin was not found: CloudWatch gave 20 pages with nothing in them"
    ]


def test_a_secret_in_an_error_is_masked(world: FakeWorld) -> None:
    prints(world, NOTIFICATION, "ERROR no", "\tpassword=hunter2", "\t-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBg")
    world.change(NOTIFICATION)
    (error,) = world.run().first_errors
    assert error.lines[1] == "\tpassword=***"
    assert "MIIE" not in "".join(error.lines)


def test_logs_that_may_not_be_read_are_said_and_fail_nothing(world: FakeWorld) -> None:
    world.cluster.printed.denied = world.log_groups.denied = True
    world.change(NOTIFICATION, EMPLOYEE)
    assert world.run().outcome == "deployed"
    said = [line for line in world.progress.lines if line.startswith("first errors are not read: ")]
    assert any("403" in line for line in said)
    assert any("logs:FilterLogEvents is not allowed" in line for line in said)


def test_a_function_that_has_never_logged_has_no_errors_and_no_word_of_it(world: FakeWorld) -> None:
    world.change(EMPLOYEE)
    assert world.run().first_errors == ()
    assert not [line for line in world.progress.lines if "not read" in line]


def test_a_rehearsal_reads_no_log(world: FakeWorld) -> None:
    prints(world, NOTIFICATION, ERROR)
    world.change(NOTIFICATION, CHART)
    world.cluster.printed.asked.clear()
    assert world.rehearse().first_errors == ()
    assert world.cluster.printed.asked == []
