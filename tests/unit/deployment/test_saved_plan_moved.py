"""What has moved between a saved plan and the run that does it, thing by thing."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.deployment.frozen.moved import (
    moved_changes,
    moved_findings,
    moved_ground,
    moved_live,
    moved_targets,
)
from erp_build.formats.frozen_plan import plan_text, read_plan
from erp_build.model.environment import Place
from erp_build.model.releases.frozen_plan import (
    FrozenFinding,
    FrozenPlan,
    FrozenRunning,
    FrozenSetting,
    FrozenTarget,
    FrozenUnit,
)
from erp_build.model.releases.preview import FieldChange, ImageWanted, ObjectChange, Preview
from tests.support.cases import cases

DIGEST = "sha256:" + "1" * 64
RUNNING = FrozenRunning(tag="", digest=DIGEST, latest=DIGEST)
FINDINGS = (FrozenFinding(name="CVE-2", severity="LOW"),)
NOTIFICATION = FrozenTarget(
    name="notification-service",
    kind="eks",
    action="build",
    baseline="9" * 40,
    because=("backend/notification-service/pom.xml: backend/notification-service/**",),
    running=FrozenRunning(tag="0ld1234", digest=DIGEST, latest=DIGEST),
    key=f"{'f' * 40}-base",
    tag="aaaaaaa",
    image=DIGEST,
    findings=FINDINGS,
)
CHANGES = Preview(
    values="-tag: a\n+tag: b",
    objects=(
        ObjectChange(kind="Deployment", name="a", change="changed", fields=(FieldChange("spec.replicas", "1", "2"),)),
    ),
    images=(ImageWanted(target="a", how="reuse", name="erp/a:1"),),
    values_seal="1",
    objects_seal="1",
)
PLAN = FrozenPlan(
    program="0.3.0",
    made="2026-11-29T10:00:00+00:00",
    place=Place(project="erp", environment="dev", account="1" * 12, region="ap-northeast-2", cluster="erp-dev"),
    head="a" * 40,
    tree="b" * 40,
    stage="cleared",
    policy=(FrozenSetting(name="block", value="CRITICAL"),),
    units=(
        FrozenUnit(
            name="helm-chart",
            where="release erp, namespace erp",
            settings=DIGEST,
            revision=7,
            status="deployed",
            updated="early",
            targets=(
                NOTIFICATION,
                FrozenTarget(name="employee-service", kind="lambda", action="none", running=RUNNING),
            ),
            changes=CHANGES,
        ),
    ),
)


def moved(then: FrozenPlan, now: FrozenPlan) -> list[str]:
    """Everything that has moved, in the order in which a run asks."""
    (was,), (will,) = then.units, now.units
    findings = {one.name: one.findings for one in was.targets}
    return [
        *moved_ground(then, now),
        *moved_live(was, will),
        *moved_targets(was, will),
        *moved_changes(was.changes, will.changes),
        *(line for one in will.targets for line in moved_findings(one.name, findings.get(one.name, ()), one.findings)),
    ]


def changed(changes: dict[str, Any]) -> FrozenPlan:
    """The plan with other values; None in place of an item of a list takes the item out."""

    def edited(document: dict[str, Any]) -> dict[str, Any]:
        document = copy.deepcopy(document)
        for way, value in changes.items():
            *above, last = way.split(".")
            place: Any = document
            for key in above:
                place = place[int(key)] if isinstance(place, list) else place[key]
            if isinstance(place, list) and value is None:
                del place[int(last)]
            else:
                place[int(last) if isinstance(place, list) else last] = value
        return document

    return read_plan(plan_text(PLAN, edited).encode(), "plan.json").plan


@pytest.mark.parametrize("case", cases("saved_plans"))
def test_what_has_moved_is_said_in_a_line_for_each_thing(case: dict[str, Any]) -> None:
    assert moved(changed(case["then"]), changed(case["now"])) == case["moved"]


PLANS = st.builds(FrozenUnit, changes=st.just(CHANGES)).map(lambda one: FrozenUnit(**as_words(one)))


def as_words(release: FrozenUnit) -> dict[str, Any]:
    """The fields of a release, with each target once."""
    targets = {one.name: one for one in release.targets}
    names = ("name", "where", "settings", "revision", "status", "updated", "changes")
    return {**{name: getattr(release, name) for name in names}, "targets": tuple(targets.values())}


@given(PLANS)
def test_nothing_has_moved_from_a_release_to_itself(release: FrozenUnit) -> None:
    assert [*moved_live(release, release), *moved_targets(release, release)] == []
    assert [*moved_changes(release.changes, release.changes)] == []


@given(PLANS, PLANS)
def test_two_releases_that_differ_are_told_apart_whatever_differs(one: FrozenUnit, other: FrozenUnit) -> None:
    said = [*moved_live(one, other), *moved_targets(one, other)]
    same = {"name", "where", "targets", "changes"}
    plain = [getattr(one, name) == getattr(other, name) for name in set(as_words(one)) - same]
    if not all(plain):
        assert said


@given(st.lists(st.builds(FrozenFinding), max_size=4))
def test_findings_that_were_there_are_not_new(findings: list[FrozenFinding]) -> None:
    assert [*moved_findings("a", findings, reversed(findings))] == []
    assert len([*moved_findings("a", (), findings)]) == len(findings)
