"""Logs of a release side by side: in order of time, with what cannot be read said, until a signal."""

import signal
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from erp_build.deployment.logs.find_logs import Wanted
from erp_build.deployment.logs.reading import LogReading
from erp_build.errors import ConfigurationError, ErpBuildError, Interrupted, ReleaseFailed
from erp_build.formats.logs.moments import NANOSECONDS, nanoseconds_of, shown_moment
from erp_build.model.releases.logs import LogEvent
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, REQUEST

GROUP = f"/aws/lambda/{FUNCTION}"
SHOWN_S = 100
"""Seconds before the reading that are looked at."""

PODS_GROUP = "/aws/eks/erp-dev/application"
FLUENT_BIT = {
    "kind": "ConfigMap",
    "metadata": {"name": "fluent-bit"},
    "data": {"fluent-bit.conf": f"[OUTPUT]\n  Name cloudwatch_logs\n  log_group_name {PODS_GROUP}\n"},
}


class Printing:
    """A world whose pods and function print."""

    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        self.since = nanoseconds_of(world.clock.now()) - SHOWN_S * NANOSECONDS

    def pod(self, name: str = REQUEST, number: int = 0) -> str:
        """The name of a pod that runs."""
        return f"{name}-{self.world.cluster.deployments[name].generation}-{number}"

    def prints(self, second: float, *texts: str, name: str = REQUEST, number: int = 0) -> None:
        self.world.cluster.printed.add(self.pod(name, number), name, self.at(second), *texts)

    def logs(self, second: float, *texts: str, stream: str = "2026/01/01/[1]0a") -> None:
        self.world.log_groups.add(GROUP, stream, self.at(second), *texts)

    def at(self, second: float) -> int:
        return self.since + int(second * NANOSECONDS)

    def reading(self, *names: str, cloudwatch: bool = False, group: str = "") -> LogReading:
        wanted = Wanted(names=names, since=self.since, from_cloudwatch=cloudwatch, group=group)
        return LogReading(self.world.site(), wanted)

    def once(self, *names: str, cloudwatch: bool = False, group: str = "") -> list[str]:
        return texts_of(self.reading(*names, cloudwatch=cloudwatch, group=group).once())

    def plans(self, second: float, action: Callable[[], object]) -> None:
        """Something happens while the reading sleeps."""
        self.world.cluster.at(self.world.clock.monotonic() + second, action)


def texts_of(events: Iterator[LogEvent]) -> list[str]:
    return ["\n".join(event.lines) for event in events]


@pytest.fixture
def printing(changed: FakeWorld) -> Printing:
    """A release that runs and has printed nothing, and a function that was called once before."""
    changed.clock.sleep(3600)
    changed.cluster.printed.asked.clear()
    changed.log_groups.asked.clear()
    found = Printing(changed)
    changed.log_groups.groups[GROUP] = []
    return found


def test_pods_and_functions_come_in_order_of_time(printing: Printing) -> None:
    for number in range(0, 12, 3):
        printing.prints(number, f"{number} request")
        printing.prints(number + 1, f"{number + 1} notification", name=NOTIFICATION)
        printing.logs(number + 2, f"{number + 2} function")
    assert [int(text.split()[0]) for text in printing.once()] == list(range(12))


def test_only_the_named_targets_are_read(printing: Printing) -> None:
    printing.prints(1, "request")
    printing.prints(2, "notification", name=NOTIFICATION)
    printing.logs(3, "function")
    assert printing.once(REQUEST) == ["request"]
    assert printing.once(EMPLOYEE, NOTIFICATION) == ["notification", "function"]


def test_a_function_alone_asks_no_cluster(printing: Printing) -> None:
    printing.logs(1, "function")
    printing.world.cluster.is_away(10_000)
    assert printing.once(EMPLOYEE) == ["function"]


def test_a_name_that_nobody_has_is_told_with_the_nearest(printing: Printing) -> None:
    with pytest.raises(ConfigurationError, match="no target and no object") as caught:
        printing.once("approval-reqest-service")
    assert caught.value.next_step == f"did you mean `{REQUEST}`?"


def test_a_pod_that_was_made_since_is_new(printing: Printing) -> None:
    printing.world.cluster.created = {
        printing.pod(): shown_moment(printing.at(5)),
        printing.pod(NOTIFICATION): "2025-12-31T00:00:00Z",
    }
    printing.prints(6, "new")
    printing.prints(7, "old", name=NOTIFICATION)
    found = {event.lines[0]: event.source.is_new for event in printing.reading().once()}
    assert found == {"new": True, "old": False}


def test_a_stack_trace_is_not_broken_by_what_others_print_meanwhile(printing: Printing) -> None:
    printing.prints(1, "ERROR no", "java.lang.IllegalStateException: no")
    printing.prints(1.2, "\tat App.main(App.java:3)")
    printing.prints(1.1, "meanwhile", name=NOTIFICATION)
    assert printing.once() == ["ERROR no\njava.lang.IllegalStateException: no\n\tat App.main(App.java:3)", "meanwhile"]


def test_a_right_that_is_missing_is_said_and_the_rest_is_read(printing: Printing) -> None:
    printing.prints(1, "request")
    printing.world.log_groups.denied = True
    assert printing.once() == ["request"]
    assert [line for line in printing.world.progress.lines if "logs:FilterLogEvents is not allowed" in line]


def test_where_nothing_can_be_read_the_first_error_ends_it(printing: Printing) -> None:
    printing.world.log_groups.denied = True
    printing.world.cluster.printed.denied = True
    with pytest.raises(ErpBuildError, match="403 Forbidden"):
        printing.once()


def test_a_log_that_cannot_be_read_for_a_moment_is_read_again_in_its_order(printing: Printing) -> None:
    printing.logs(1, "function")
    printing.prints(2, "request")
    printing.world.log_groups.throttled = 20
    assert printing.once() == ["function", "request"]
    assert not [line for line in printing.world.progress.lines if line.startswith("not read: ")]


def test_a_log_that_cannot_be_read_for_long_is_said(printing: Printing) -> None:
    printing.prints(2, "request")
    printing.world.log_groups.throttled = 10_000
    assert printing.once() == ["request"]
    (said,) = [line for line in printing.world.progress.lines if line.startswith("not read: ")]
    assert "too many requests" in said


def test_silence_is_said_with_what_was_read(printing: Printing) -> None:
    assert printing.once(REQUEST) == []
    said = [line for line in printing.world.progress.lines if line.startswith("nothing was printed since ")]
    assert said == [f"nothing was printed since {shown_moment(printing.since)}; logs that were read: 2"]
    printing.prints(1, "request")
    printing.world.progress.lines.clear()
    assert printing.once(REQUEST) == ["request"]
    assert not [line for line in printing.world.progress.lines if line.startswith("nothing was printed")]


def test_the_variables_of_a_function_that_may_not_be_read_are_not_masked_and_that_is_said(printing: Printing) -> None:
    printing.logs(1, "function")
    printing.world.functions.hidden.add(FUNCTION)
    assert printing.once(EMPLOYEE) == ["function"]
    (said,) = [line for line in printing.world.progress.lines if line.startswith("not read: ")]
    assert f"the secrets among the variables of {FUNCTION} are not masked in its log" in said


def test_a_cluster_that_is_away_leaves_the_functions(printing: Printing) -> None:
    printing.logs(1, "function")
    printing.world.cluster.is_away(10_000)
    assert printing.once() == ["function"]
    assert [line for line in printing.world.progress.lines if line.startswith("not read: ")]


def test_long_logs_are_read_part_by_part_in_one_order(printing: Printing) -> None:
    for number in range(0, 40, 2):
        printing.prints(number, f"{number}")
        printing.prints(number + 1, f"{number + 1}", name=NOTIFICATION)
        printing.logs(number + 0.5, f"{number + 0.5}")
    found = [float(text) for text in printing.once()]
    assert found == sorted(found)
    assert len(found) == 60


def test_pods_are_read_from_the_group_that_fluent_bit_names(printing: Printing) -> None:
    printing.world.helm.around = (FLUENT_BIT,)
    stream = f"pod-kube.var.log.containers.{printing.pod()}_erp-dev_app-{'0' * 64}.log"
    gone = f"pod-kube.var.log.containers.{REQUEST}-77-0_erp-dev_app-{'0' * 64}.log"
    printing.world.log_groups.add(PODS_GROUP, stream, printing.at(2), '{"log":"running"}')
    printing.world.log_groups.add(PODS_GROUP, gone, printing.at(1), '{"log":"gone","stream":"stdout"}')
    printing.prints(1, "in the cluster")
    assert printing.once(REQUEST, cloudwatch=True) == ["gone", '{"log":"running"}']
    assert printing.world.cluster.printed.asked == []


def test_a_release_without_fluent_bit_says_how_to_name_the_group(printing: Printing) -> None:
    with pytest.raises(ConfigurationError, match="the log group of the pods is not known") as caught:
        printing.once(cloudwatch=True)
    assert "--group" in caught.value.next_step
    with pytest.raises(ConfigurationError, match="no such log group"):
        printing.once(REQUEST, cloudwatch=True, group="/mine")


def test_following_goes_on_with_what_comes_and_with_new_pods(printing: Printing) -> None:
    world = printing.world
    printing.prints(1, "begun")
    events = printing.reading(REQUEST).follow()
    assert texts_of(islice(events, 1)) == ["begun"]
    world.cluster.deployments[REQUEST].generation += 1
    world.cluster.created[printing.pod()] = shown_moment(printing.at(9))
    printing.prints(9, "of a new pod")
    (event,) = islice(events, 1)
    assert (event.lines, event.source.is_new) == (("of a new pod",), True)


def test_following_holds_an_event_until_older_ones_have_come(printing: Printing) -> None:
    printing.prints(2, "newer")
    events = printing.reading(REQUEST, NOTIFICATION).follow()
    printing.world.cluster.printed.meanwhile = lambda: printing.prints(1, "older", name=NOTIFICATION)
    assert texts_of(islice(events, 2)) == ["older", "newer"]


def test_following_marks_what_comes_too_late(printing: Printing) -> None:
    printing.prints(5, "newer")
    events = printing.reading(REQUEST, NOTIFICATION).follow()
    assert texts_of(islice(events, 1)) == ["newer"]
    printing.prints(1, "older", name=NOTIFICATION)
    (late,) = islice(events, 1)
    assert (late.lines, late.is_late) == (("older",), True)


def test_a_signal_ends_following_at_once(printing: Printing) -> None:
    def interrupt() -> None:
        raise Interrupted(signal.SIGINT, "SIGINT")

    printing.prints(1, "begun")
    printing.plans(20, interrupt)
    with pytest.raises(Interrupted):
        list(printing.reading().follow())
    assert printing.world.clock.monotonic() < 3600 + 60


def test_following_ends_where_nobody_reads_any_more_although_nothing_is_printed(printing: Printing) -> None:
    looks = iter([True, True, False])
    assert list(printing.reading(REQUEST).follow(lambda: next(looks))) == []


def test_a_log_that_cannot_be_read_is_not_asked_for_with_every_look(printing: Printing) -> None:
    looks = iter([True] * 20)
    printing.world.log_groups.denied = True
    list(printing.reading(REQUEST, EMPLOYEE).follow(lambda: next(looks, False)))
    assert printing.world.log_groups.asked == [(GROUP, "")] * 2


def test_many_groups_are_asked_for_less_often(printing: Printing) -> None:
    function = printing.world.project.functions[0]
    many = tuple(function._replace(name=f"f{number}") for number in range(60))
    printing.world.project = printing.world.project._replace(functions=many)
    looks = iter([True] * 25)
    list(printing.reading(*(one.name for one in many)).follow(lambda: next(looks, False)))
    assert len(printing.world.log_groups.asked) == 60


def test_following_lives_through_a_cluster_that_is_away_for_a_while(printing: Printing) -> None:
    printing.prints(1, "begun")
    events = printing.reading(REQUEST).follow()
    assert texts_of(islice(events, 1)) == ["begun"]
    printing.world.cluster.is_away(120)
    printing.prints(90, "meanwhile")
    assert texts_of(islice(events, 1)) == ["meanwhile"]


def test_following_what_cannot_be_read_at_all_ends_with_the_reason(printing: Printing) -> None:
    printing.world.cluster.printed.denied = True
    with pytest.raises(ReleaseFailed, match="403"):
        next(printing.reading(REQUEST).follow())
