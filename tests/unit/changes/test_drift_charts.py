"""Charts of the shapes that public ones have, with what a real API server made of them: no drift, and every edit found.

`tests/recorded/kubernetes/drift` holds the objects as they were when controllers and a webhook had done their part, and
what a dry run said of each. `tests/world/test_drift_charts.py` plays the same on a cluster.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from erp_build.changes.drift import object_drift, text_of
from erp_build.changes.edited import Autoscalers, objects_in
from erp_build.formats.kubernetes.cluster_yaml import documents_of
from erp_build.formats.kubernetes.live_object import Edit
from tests.support.drift_charts import CHARTS, FOLDER, HPA_OF_KEDA, edited, edits, identity_of

RECORDED = Path(__file__).parents[2] / "recorded" / "kubernetes" / "drift"
INSTALLED = [(helm, chart) for helm in (3, 4) for chart in CHARTS if (helm, chart) != (4, "duplicates")]
NEEDS_A_DRY_RUN = ("webhook",)


@cache
def recorded(helm: int) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = json.loads((RECORDED / f"helm{helm}.json").read_text("utf-8"))
    return found


@cache
def manifest(chart: str) -> dict[str, Mapping[str, Any]]:
    """Identity -> the object as the chart renders it."""
    text = (FOLDER / f"{chart}.yaml").read_text(encoding="utf-8")
    for template, value in (("{{ .Release.Service }}", "Helm"), ("{{ .Release.Namespace }}", "erp")):
        text = text.replace(template, value)
    items = objects_in(item for item in documents_of(text) if item["kind"] != "Secret")
    return {identity_of(item): item for item in items}


def drift(helm: int, chart: str, identity: str, live: Mapping[str, Any], *, dry_run: bool = True) -> list[Edit]:
    found = recorded(helm)[chart]
    scalers: list[Any] = [one["live"] for name, one in found.items() if name.startswith("HorizontalPodAutoscaler/")]
    scalers += [HPA_OF_KEDA] if chart == "keda" else []
    wanted = manifest(chart)[identity]
    tried = found[identity]["tried"] if dry_run else None
    return list(object_drift(wanted, live, Autoscalers(manifest(chart).values(), scalers).of(wanted), lambda _: tried))


@pytest.mark.parametrize(("helm", "chart"), INSTALLED)
def test_what_was_installed_and_touched_by_controllers_alone_is_not_edited(helm: int, chart: str) -> None:
    assert manifest(chart).keys() == recorded(helm)[chart].keys()
    for identity, item in recorded(helm)[chart].items():
        assert [one for one in drift(helm, chart, identity, item["live"]) if not one.is_left] == [], identity


@pytest.mark.parametrize(("helm", "chart"), INSTALLED)
def test_a_cluster_that_refuses_the_dry_run_hides_no_more_than_what_a_webhook_rewrote(helm: int, chart: str) -> None:
    for identity, item in recorded(helm)[chart].items():
        found = drift(helm, chart, identity, item["live"], dry_run=False)
        assert any(not one.is_left for one in found) == (chart in NEEDS_A_DRY_RUN), identity


@pytest.mark.parametrize("helm", [3, 4])
@pytest.mark.parametrize("case", [pytest.param(one, id=f"{one['chart']} {one['at']}") for one in edits() if one["at"]])
def test_an_edit_by_hand_is_found(case: dict[str, Any], helm: int) -> None:
    if case["chart"] not in recorded(helm):
        helm = 3
    identity = case["object"].replace("{namespace}", "erp")
    live = edited(recorded(helm)[case["chart"]][identity]["live"], case)
    for dry_run in (True, False):
        found = drift(helm, case["chart"], identity, live, dry_run=dry_run)
        assert case["text"] in [text_of(one, live["kind"]) for one in found], dry_run


@pytest.mark.parametrize(("helm", "chart"), INSTALLED)
def test_another_value_of_any_field_that_the_manifest_states_is_found(helm: int, chart: str) -> None:
    changed = 0
    for identity, item in recorded(helm)[chart].items():
        for path in leaves({key: value for key, value in manifest(chart)[identity].items() if is_compared(key)}):
            live = deepcopy(item["live"])
            if not change(live, path) or is_a_controllers(chart, path):
                continue
            changed += 1
            found = [one for one in drift(helm, chart, identity, live) if not one.is_left]
            assert found or chart == "duplicates", (identity, path)
    assert changed


def is_compared(key: str) -> bool:
    return key not in ("apiVersion", "kind", "metadata", "status")


def is_a_controllers(chart: str, path: tuple[Any, ...]) -> bool:
    return path[-1] in ("caBundle", "clusterIP", "nodePort", "volumeName") or (
        chart in ("keda", "autoscaled") and path == ("spec", "replicas")
    )


def leaves(item: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all scalars."""
    if isinstance(item, dict):
        for key, value in item.items():
            yield from leaves(value, (*path, key))
    elif isinstance(item, list):
        for place, value in enumerate(item):
            yield from leaves(value, (*path, place))
    elif item is not None:
        yield path


def change(live: Any, path: tuple[Any, ...]) -> bool:
    """Give a leaf another value; False where there is none, as of a zero that the API drops."""
    for part in path[:-1]:
        if not (isinstance(live, list) or part in live):
            return False
        live = live[part]
    if isinstance(live, dict) and path[-1] not in live:
        return False
    before = live[path[-1]]
    live[path[-1]] = not before if isinstance(before, bool) else before + 7 if isinstance(before, int) else "7"
    return True
