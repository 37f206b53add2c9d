"""What `doctor` asks: each repository and function once for all checks, and all of them at the same time."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from erp_build.doctor.examine import examine
from tests.fakes.clinic import Clinic

LONG_S = 60.0
"""Seconds after which a thread that waits for another one gives up; never reached."""


def counted(ask: Callable[..., Any], number: Counter[str]) -> Callable[..., Any]:
    def noted(about: str, *more: Any) -> Any:
        number[about] += 1
        return ask(about, *more)

    return noted


def test_a_repository_and_a_function_are_asked_once_for_all_checks(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Counter[str]] = {}
    for client, name in (
        (clinic.repositories, "may_move"),
        (clinic.world.registry, "scanning"),
        (clinic.world.registry, "lifecycle"),
        (clinic.world.functions, "state"),
    ):
        asked[name] = Counter()
        monkeypatch.setattr(client, name, counted(getattr(client, name), asked[name]))
    examine(clinic.facts())
    project = clinic.world.project
    once = {f"erp/{one.repository}": 1 for one in project.image_targets}
    assert asked["may_move"] == asked["scanning"] == asked["lifecycle"] == once
    assert asked["state"] == {one.function: 1 for one in project.functions}


@pytest.mark.parametrize(
    ("check", "name"),
    [("latest", "may_move"), ("scan-time", "stored"), ("scan-mode", "scanning"), ("lifecycle", "lifecycle")],
)
def test_repositories_are_asked_at_the_same_time(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, check: str, name: str
) -> None:
    client = clinic.repositories if name == "may_move" else clinic.world.registry
    real, meeting = getattr(client, name), threading.Barrier(len(clinic.facts().repositories()), timeout=LONG_S)

    def together(*arguments: str) -> Any:
        meeting.wait()
        return real(*arguments)

    monkeypatch.setattr(client, name, together)
    assert clinic.find(check).state == "ok"
