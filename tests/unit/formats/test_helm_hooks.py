"""Helm's hooks: by their annotation, and by the record of a revision. Helm 3.19 and 4.0 were asked what they do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.kubernetes.hooks import EVENTS, HOOK, events_of, hook_runs, is_hook
from erp_build.model.releases.release import HookRun

MADE = "2026-11-02T10:00:00.5Z"
ZERO = "0001-01-01T00:00:00Z"
spaces = st.text(" \t", max_size=2)


def hook(text: object) -> dict[str, object]:
    return {"kind": "Job", "metadata": {"name": "migrate", "annotations": {HOOK: text}}}


@given(st.lists(st.tuples(spaces, st.sampled_from(EVENTS), st.booleans(), spaces), min_size=1))
def test_events_are_read_in_any_case_and_with_any_space(parts: list[tuple[str, str, bool, str]]) -> None:
    text = ",".join(f"{before}{event.upper() if loud else event}{after}" for before, event, loud, after in parts)
    assert events_of(hook(text)) == tuple(event for _, event, _, _ in parts)


@given(st.lists(st.sampled_from(EVENTS)), st.text(max_size=12), st.lists(st.sampled_from(EVENTS)))
def test_one_event_that_helm_does_not_know_makes_it_leave_the_object_out(
    before: list[str], other: str, after: list[str]
) -> None:
    parts = [one.strip().lower() for one in other.split(",")]
    found = events_of(hook(",".join((*before, other, *after))))
    assert found == ((*before, *parts, *after) if set(parts) <= set(EVENTS) else ())
    assert is_hook(hook(other))


@pytest.mark.parametrize(
    "item", [{}, {"metadata": None}, {"metadata": []}, {"metadata": {"annotations": None}}, {"metadata": {"name": "a"}}]
)
def test_what_has_no_such_annotation_is_no_hook(item: dict[str, object]) -> None:
    assert not is_hook(item)
    assert events_of(item) == ()


def row(phase: str, began: str, events: str = "pre-upgrade,", name: str = "migrate") -> str:
    return f"Job\t{name}\t{phase}\t{began}\t{events}"


@pytest.mark.parametrize(
    ("phase", "began", "ran"),
    [
        pytest.param("Succeeded", "2026-11-02T10:00:01Z", True, id="with this revision"),
        pytest.param("Failed", "2026-11-02T10:00:00.5Z", True, id="at once, and failed"),
        pytest.param("Running", "2026-11-02T19:00:01+09:00", True, id="cut off, by a clock elsewhere"),
        pytest.param("Unknown", "2026-11-02T10:00:01Z", True, id="nobody knows how it ended"),
        pytest.param("", ZERO, False, id="never"),
        pytest.param("Succeeded", "2026-11-02T10:00:00Z", False, id="with the revision that a rollback repeats"),
        pytest.param("Succeeded", "yesterday", True, id="at a time that cannot be read"),
        pytest.param("Succeeded", "2026-11-02T10:00:01", True, id="at a time without a zone"),
    ],
)
def test_a_hook_ran_with_a_revision_if_it_began_since_that_was_made(phase: str, began: str, *, ran: bool) -> None:
    found = tuple(hook_runs(f"{MADE}\n{row(phase, began)}\n"))
    assert found == ((HookRun("Job", "migrate", phase, ("pre-upgrade",)),) if ran else ())


def test_a_release_without_hooks_has_none_that_ran() -> None:
    assert tuple(hook_runs(f"{MADE}\n")) == ()
    assert tuple(hook_runs("")) == ()


def test_every_event_of_a_hook_comes_back() -> None:
    text = "\n".join((MADE, row("", ZERO), row("Succeeded", "2026-11-02T10:00:01Z", "pre-install,pre-upgrade,", "b")))
    assert [one.events for one in hook_runs(text)] == [("pre-install", "pre-upgrade")]
