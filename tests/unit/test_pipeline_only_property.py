"""Any changes, and any choices one after the other: what is left out never changes, and no change is ever lost."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_build.changes.live_state import DESCRIPTION
from erp_build.deployment.ledger import read_entries
from erp_build.errors import ConfigurationError
from erp_build.run_options import Options
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, EVERYTHING

NAMES = st.sets(st.sampled_from(EVERYTHING))
SCHEDULES = st.lists(st.tuples(NAMES, NAMES, NAMES), min_size=1, max_size=4)
"""Of each run: what its commit changes, and its `--only` and `--except`."""

TEMPLATE = "templates/hpa.yaml"


def runs(world: FakeWorld) -> dict[str, str]:
    """Target -> the commit that its image was built from; of the chart, the text of the deployed template."""
    found = {name: world.registry.revisions[world.cluster.digest(name)] for name in world.cluster.running()}
    found[EMPLOYEE] = world.registry.revisions[world.functions.states[FUNCTION].digest]
    return {**found, CHART: world.helm.charted.get(TEMPLATE, "")}


def chart_of(world: FakeWorld, commit: str) -> str:
    """The template that a commit has."""
    listed = world.checkout.git("ls-tree", "-r", "--name-only", commit, f"helm-chart/{TEMPLATE}")
    return f"{world.checkout.git('show', f'{commit}:helm-chart/{TEMPLATE}').strip()}\n" if listed.strip() else ""


@pytest.fixture(scope="module")
def numbered(world_template: FakeWorld, tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeWorld, Path, list[int]]:
    """A world to copy, a folder for the copies, and a counter of them."""
    return world_template, tmp_path_factory.mktemp("schedules"), [0]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedule=SCHEDULES)
def test_what_is_left_out_never_changes_and_the_next_whole_run_still_sees_its_change(
    numbered: tuple[FakeWorld, Path, list[int]], schedule: list[tuple[set[str], set[str], set[str]]]
) -> None:
    template, folder, count = numbered
    count[0] += 1
    world: Any = template.copy_to(folder / str(count[0]))
    expected = runs(world)
    behind: set[str] = set()
    for number, (changed, only, without) in enumerate(schedule):
        head = world.change(*changed, text=f"run {number}") if changed else world.checkout.head()
        behind |= changed
        chosen = (only or set(EVERYTHING)) - without
        options = Options(only=tuple(only), without=tuple(without))
        if not chosen:
            with pytest.raises(ConfigurationError, match="every target is left out"):
                world.run(options)
            continue
        world.run(options)
        moved = behind & chosen
        expected |= {name: chart_of(world, head) if name == CHART else head for name in moved}
        behind -= moved
        assert runs(world) == expected
        assert set(world.report.plan.left_out) == behind
        # The record claims a chart only where it is the one of that commit.
        described = DESCRIPTION.search(world.helm.revisions[-1].description)
        assert described is not None
        assert chart_of(world, described["commit"]) == expected[CHART]
        last = read_entries(world.leases.lease.record)[-1]
        assert last.outcome == "deployed"
        assert not moved or bool(last.left_out) == bool(behind)
    world.run()
    assert {name for name, action in world.actions().items() if action == "build"} == behind - {CHART}
    assert (CHART in world.actions()) == (CHART in behind)
    head = world.checkout.head()
    assert runs(world) == expected | {name: chart_of(world, head) if name == CHART else head for name in behind}
    assert world.run().outcome == "nothing"
