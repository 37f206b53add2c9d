"""One answer that passes, at any read or effect of a whole run, changes nothing of the outcome.

Each call of a client outside of this machine is a point. Either the call gets an answer that passes (500, 503, 429), or
it is done and its answer is lost. By default these are struck: every effect, the last call of every reader (the end of
a run has the rollout, the proof and the record), and of the other reads a sample, the same one every time; all of them
by `make faults`.
"""

import random

import pytest

from tests.support.every_transient_answer import Tried, tried_out, wrong
from tests.support.transient_world import SCENARIOS, TransientWorld, deployed

SAMPLE = 5
"""Cases with a read of each scenario that are run by default, besides the last ones."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> TransientWorld:
    return deployed(tmp_path_factory.mktemp("transient") / "repository")


@pytest.fixture(scope="module", params=SCENARIOS)
def tried(request: pytest.FixtureRequest, start: TransientWorld) -> Tried:
    """Each scenario, tried out undisturbed."""
    return tried_out(start, request.param)


def test_the_undisturbed_runs_end_as_they_should(tried: Tried) -> None:
    how = {
        "a deployment": ("", "deployed"),
        "a deployment that is taken back": ("ReleaseFailed the rollout", "taken back"),
        "a rollback by hand": ("", "rolled back"),
    }
    words, ledger = how[tried.name]
    assert tried.ends["ended"].startswith(words)
    assert bool(tried.ends["ended"]) == bool(words)
    assert tried.ends["ledger"][-1][0] == ledger
    assert tried.ends["holder"] == ""


def test_every_client_and_effect_is_struck_somewhere(tried: Tried) -> None:
    calls = {point.call for point in tried.points}
    assert calls >= {"helm.history", "cluster.workloads", "functions.state", "leases.read", "effects.write_lease"}
    assert calls >= {"effects.update_function", "effects.publish"}
    builds = tried.name != "a rollback by hand"
    assert not builds or calls >= {"effects.attest", "evidence.read"}


def test_one_answer_that_passes_changes_nothing(tried: Tried) -> None:
    effects = [case for case in tried.cases() if case[0].call.startswith("effects.")]
    reads = [case for case in tried.cases() if case not in effects]
    last = {point.call: (point, when) for point, when in sorted(reads, key=lambda case: case[0].number)}
    found = wrong(tried, [*effects, *last.values(), *random.Random(tried.name).sample(reads, SAMPLE)])  # noqa: S311 - no cryptography
    assert not found, "\n".join(found)
