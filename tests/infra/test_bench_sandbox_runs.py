"""What a run in the sandbox sent is counted where it went."""

from bench.counted_program import PROGRAMS
from bench.sandbox_runs import Played, by_place, rows
from sandbox.endpoints import API_SERVER_PORT, AWS_ENDPOINT, REGISTRY_HOST


def test_each_host_is_what_it_is_in_the_sandbox() -> None:
    sent = {
        AWS_ENDPOINT.partition("://")[2]: {"BatchGetImage": 3},
        f"{REGISTRY_HOST}:80": {"PUT manifests": 2},
        f"127.0.0.1:{API_SERVER_PORT}": {"GET pods": 4},
        PROGRAMS: {"helm": 5},
    }
    assert by_place(sent) == {
        "aws": {"BatchGetImage": 3},
        "registry": {"PUT manifests": 2},
        "cluster": {"GET pods": 4},
        PROGRAMS: {"helm": 5},
    }


def test_a_run_is_compared_with_the_first_one() -> None:
    first, second = (
        Played(seconds=seconds, stages={"deploy": seconds / 2}, built=1, sent={"aws": {"PutImage": 2}}, report={})
        for seconds in (8.0, 2.0)
    )
    found = rows({"first": first, "one": second}, 50)
    assert found["sandbox.50.one"]["ratio"] == 0.25
    assert found["sandbox.50.one"]["sent"] == {"aws": {"PutImage": 2}}
