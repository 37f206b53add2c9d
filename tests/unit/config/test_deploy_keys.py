"""The keys that say how a deployment is guarded and what follows a failed one."""

import pytest

from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.project import DeployPolicy

FUNCTION = '[[service]]\npath = "f"\nkind = "lambda"\nfunction = "erp-f"\n'


def test_without_a_table_a_failed_release_is_taken_back_and_nothing_is_committed() -> None:
    assert parse_project("").deploy == DeployPolicy()
    assert DeployPolicy().on_failure == "rollback"
    assert DeployPolicy().write_back == "none"


def test_every_key_is_read() -> None:
    text = """
    [deploy]
    on_failure = "keep"
    lock_expires = "90s"
    alarms = "erp-"
    write_back = "branch"
    branch = "release"
    units = "apart"
    traces = "2m"
    bake = "10m"
    bake_alarms = ["erp-dev-errors"]
    bake_http = "https://erp.example.com/health"
    bake_command = ["./smoke.sh", "--all"]
    """
    policy = DeployPolicy(
        on_failure="keep",
        lock_expires=90.0,
        alarms="erp-",
        write_back="branch",
        branch="release",
        units="apart",
        traces=120.0,
        bake=600.0,
        bake_alarms=("erp-dev-errors",),
        bake_http="https://erp.example.com/health",
        bake_command=("./smoke.sh", "--all"),
    )
    assert parse_project(text).deploy == policy


@pytest.mark.parametrize("value", ["rollback", "keep", "forward", "rollback-over-migrations"])
def test_what_follows_a_failure_is_one_of_four(value: str) -> None:
    assert parse_project(f'[deploy]\non_failure = "{value}"\n').deploy.on_failure == value


def test_the_chart_may_pin_digests_and_say_how_long_pods_are_watched() -> None:
    chart = parse_project('[chart]\nstable_without_probe = "2m"\nlost_values = "drop"\n').chart
    assert (chart.stable, chart.stable_without_probe, chart.lost_values) == (5.0, 120.0, "drop")
    chart = parse_project('[chart]\npin = "always"\nstable = "12s"\n').chart
    assert (chart.pin, chart.stable) == ("always", 12.0)


def test_an_alias_needs_a_version_so_it_publishes() -> None:
    assert parse_project(FUNCTION + 'alias = "live"\n').functions[0].publish
    assert not parse_project(FUNCTION).functions[0].publish


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[deploy]\non_failure = "rolback"\n', "cannot be `rolback`"),
        ("[deploy]\nwrite_back = true\n", "must be a text"),
        ('[deploy]\nunits = "alone"\n', "cannot be `alone`"),
        ('[deploy]\nlock = "30s"\n', "unknown key `lock`"),
        ('[chart]\npin = "yes"\n', "cannot be `yes`"),
        ("[chart]\npin = true\n", "must be a text"),
        ('[[service]]\npath = "a"\nalias = "live"\n', "unknown key `alias`"),
    ],
)
def test_a_mistake_is_named(text: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what):
        parse_project(text)


@pytest.mark.parametrize("value", ["0.0000001s", "1s", "4.9s", "11m", "100h"])
def test_a_lock_that_holds_nothing_or_outlives_its_run_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="`lock_expires` must be between 5 seconds and 10 minutes"):
        parse_project(f'[deploy]\nlock_expires = "{value}"\n')


@pytest.mark.parametrize("value", ["1s", "9.9s", "61m", "2h"])
def test_traces_that_are_not_there_yet_or_hold_the_lock_for_too_long_are_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="`traces` must be between 10 seconds and 60 minutes"):
        parse_project(f'[deploy]\ntraces = "{value}"\n')


@pytest.mark.parametrize("value", ["0.5s", "241m", "5h"])
def test_a_bake_that_sees_nothing_or_holds_the_lock_for_a_day_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="`bake` must be between 1 second and 4 hours"):
        parse_project(f'[deploy]\nbake = "{value}"\n')


@pytest.mark.parametrize("line", ['bake_alarms = ["a"]', 'bake_http = "https://a"', 'bake_command = ["a"]'])
def test_what_a_bake_watches_is_refused_where_nothing_is_baked(line: str) -> None:
    with pytest.raises(ConfigurationError, match="counts only while a deployment is watched") as caught:
        parse_project(f"[deploy]\n{line}\n")
    assert caught.value.where.endswith(":2")


def test_a_bake_fits_into_the_time_of_the_run() -> None:
    assert parse_project('timeout = "11m"\n[deploy]\nbake = "10m"\n').deploy.bake == 600.0
    with pytest.raises(ConfigurationError, match="as long as the whole run may be"):
        parse_project('timeout = "10m"\n[deploy]\nbake = "10m"\n')
