"""Values that many tests begin with: the ERP project, and plans, images and verdicts made of a few words."""

from collections.abc import Mapping

from erp_build.changes.make_plan import make_plan
from erp_build.config.load import default_project
from erp_build.model.change import Baseline, ChangeSet, TargetChange
from erp_build.model.images.image import BuildTimings, BuiltImage
from erp_build.model.images.verdict import Verdict
from erp_build.model.plan import LiveState, Plan, Running
from erp_build.model.project import Project

ERP = default_project()
REQUEST, PROCESSING, NOTIFICATION = (service.name for service in ERP.services)
EMPLOYEE = ERP.functions[0].name
CHART = ERP.chart.name
EVERYTHING = tuple(target.name for target in ERP.targets)

BASE = "b" * 40
HEAD = "a" * 40
DIGEST = "sha256:" + "1" * 64
OTHER_DIGEST = "sha256:" + "2" * 64


def baselines(without: Mapping[str, str] | None = None) -> tuple[Baseline, ...]:
    """A deployed baseline for every target; `without` names targets that have none, and why."""
    gone = without or {}
    return tuple(
        Baseline(target=name, commit=None, source="none", because=gone[name])
        if name in gone
        else Baseline(target=name, commit=BASE, source="deployed")
        for name in EVERYTHING
    )


def change_set(changed: Mapping[str, str], without: Mapping[str, str] | None = None) -> ChangeSet:
    """Changes as target -> path."""
    found = {name: (TargetChange(path=path, rule="a rule"),) for name, path in changed.items()}
    return ChangeSet(head=HEAD, baselines=baselines(without), changes=found)


def running(trouble: Mapping[str, str] | None = None) -> LiveState:
    """All targets run an older tag; `trouble` names those that are not well."""
    return LiveState(
        running={
            target.name: Running(
                target=target.name,
                repository=f"erp/{target.repository}",
                tag="0ld1234",
                digest=DIGEST,
                commit=BASE,
                trouble=(trouble or {}).get(target.name, ""),
            )
            for target in ERP.image_targets
        },
        chart_commit=BASE,
    )


def plan_of(
    changed: Mapping[str, str],
    without: Mapping[str, str] | None = None,
    trouble: Mapping[str, str] | None = None,
    *,
    project: Project = ERP,
) -> Plan:
    """The plan of a project for these changes."""
    return make_plan(project, change_set(changed, without), running(trouble))


def built(target: str = NOTIFICATION, digest: str = DIGEST) -> BuiltImage:
    """An image of this run."""
    return BuiltImage(
        target=target,
        repository=f"erp/{target}",
        tag=HEAD[:7],
        digest=digest,
        commit=HEAD,
        timings=BuildTimings(maven=1.0, push=0.23456),
    )


PASSED = Verdict(outcome="passed", why="no findings")
