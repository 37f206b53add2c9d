"""Plans, reports and errors as a person reads them."""

from dataclasses import replace

import pytest

from erp_build.changes.make_plan import make_plan
from erp_build.errors import BuildFailed, ErpBuildError, GateBlocked, Interrupted, combine
from erp_build.model.change import TargetChange
from erp_build.model.effect import Effect, EffectKind, EffectState
from erp_build.model.plan import LiveState
from erp_build.model.releases.deployment import Proof
from erp_build.model.releases.evidence import Evidence
from erp_build.model.releases.preview import ImageWanted, Preview
from erp_build.model.releases.release import Revision
from erp_build.report.document import report_document
from erp_build.report.summary import warnings_of
from erp_build.report.text.error import error_text
from erp_build.report.text.plan import plan_text
from erp_build.report.text.run import report_text
from erp_build.report.text.status import status_text
from erp_build.run_record import RunReport, StageRecord
from tests.support.printable_cases import CASES, Shown
from tests.support.reports import full
from tests.support.samples import BASE, CHART, DIGEST, ERP, HEAD, NOTIFICATION, change_set, plan_of, running

POM = "backend/notification-service/pom.xml"


def report(*effects: Effect, error: ErpBuildError | None = None, rehearsal: bool = False) -> RunReport:
    return RunReport(
        plan=plan_of({NOTIFICATION: POM}),
        effects=effects,
        error=error,
        rehearsal=rehearsal,
    )


def effect(name: str, target: str, state: EffectState = "performed") -> Effect:
    return Effect(name=EffectKind(name), target=target, state=state)


def test_an_error_says_what_where_why_and_what_next() -> None:
    error = BuildFailed("Maven failed", where="backend/a", why="[ERROR] one\n[ERROR] two", next_step="mvn package")
    assert error_text(error).splitlines() == [
        "erp_build: Maven failed",
        "  where: backend/a",
        "  why:   [ERROR] one",
        "         [ERROR] two",
        "  next:  mvn package",
    ]


def test_an_error_without_a_cause_does_not_show_an_empty_line() -> None:
    assert error_text(BuildFailed("Maven failed")) == "erp_build: Maven failed"


def test_several_errors_of_the_same_work_are_told_together() -> None:
    both = combine(
        [
            BuildFailed("Maven failed", where="a", why="no pom", next_step="look"),
            BuildFailed("no image", where="b", why="no Dockerfile", next_step="other"),
        ]
    )
    assert isinstance(both, BuildFailed)
    assert error_text(both).splitlines() == [
        "erp_build: 2 targets failed",
        "  where: a, b",
        "  why:   a: Maven failed",
        "         no pom",
        "         b: no image",
        "         no Dockerfile",
        "  next:  look",
    ]


def test_an_interruption_says_that_running_again_is_safe() -> None:
    text = error_text(Interrupted(15, "SIGTERM"))
    assert "ended by SIGTERM" in text
    assert "run again" in text


def test_a_plan_shows_each_target_its_action_baseline_and_reason() -> None:
    lines = plan_text(plan_of({NOTIFICATION: POM})).splitlines()
    assert lines[0] == f"Plan for {HEAD[:12]} (tag {HEAD[:7]})"
    assert lines[3].split() == [NOTIFICATION, "build", "compared", "with", BASE[:12], "(deployed)"]
    assert lines[4].strip() == f"{POM}  <- a rule"


def test_a_plan_with_nothing_to_do_says_what_it_compared() -> None:
    text = plan_text(plan_of({}))
    assert text.count(f"compared with {BASE[:12]} (deployed)") == 5
    assert text.endswith("Nothing to do: no target differs from its baseline.")


def test_a_target_without_baseline_says_why() -> None:
    text = plan_text(plan_of({}, {NOTIFICATION: "nothing of it runs yet"}))
    assert "build     compared with nothing" in text
    assert "no baseline: nothing of it runs yet" in text


def test_many_reasons_are_counted() -> None:
    changes = change_set({})
    many = tuple(TargetChange(path=f"helm-chart/{number}", rule="helm-chart/**") for number in range(9))
    text = plan_text(make_plan(ERP, changes._replace(changes={CHART: many}), running()))
    assert "helm-chart/2" in text
    assert "helm-chart/3" not in text
    assert "and 6 more" in text


def test_what_nobody_owns_and_warnings_are_shown() -> None:
    plan = plan_of({})._replace(unowned=("a", "b", "c", "d"), warnings=("2 files are not committed",))
    assert "Owned by no target: a, b, c and 1 more" in plan_text(plan)
    assert "Warning: 2 files are not committed" in plan_text(plan)


def test_an_early_failure_says_that_nothing_was_deployed() -> None:
    pushed = (effect("package", "backend/a"), effect("push", "erp/a:1234567"), effect("start_scan", "erp/a"))
    text = report_text(replace(report(*pushed, error=GateBlocked("1 of 1 images over the policy")), seconds=12.0))
    assert "Nothing was deployed." in text
    assert text.endswith("Outcome: failed in 12.0 s")


def test_a_failure_before_the_plan_says_that_nothing_was_deployed() -> None:
    early = RunReport(error=BuildFailed("x"), seconds=0.5)
    assert report_text(early) == "Nothing was deployed.\nOutcome: failed in 0.5 s"


def test_a_late_failure_lists_what_was_changed_before_it() -> None:
    done = (effect("write_file", "values-dev.yaml"), effect("upgrade_release", "erp-microservices", "failed"))
    text = report_text(report(*done, error=BuildFailed("x")))
    assert "Nothing was deployed." not in text
    assert "Changed before the failure" in text
    assert "  write_file values-dev.yaml: performed" in text
    assert "  upgrade_release erp-microservices: failed" in text


def test_a_success_says_neither() -> None:
    text = report_text(replace(report(effect("upgrade_release", "erp-microservices")), seconds=1.0))
    assert "Nothing was deployed." not in text
    assert "before the failure" not in text
    assert text.endswith("Outcome: deployed in 1.0 s")


def test_a_rehearsal_says_how_to_do_it_for_real() -> None:
    rehearsed = report(rehearsal=True)
    rehearsed = replace(
        rehearsed, proofs=(Proof(target=NOTIFICATION, built=DIGEST, scanned=DIGEST, running=DIGEST, replicas=1),)
    )
    lines = report_text(rehearsed).splitlines()
    assert "Assumed" in lines
    assert "Proof" not in lines
    assert lines[-1] == "Nothing was changed. Next: the same command without --rehearse."


def test_a_rehearsal_shows_what_would_change() -> None:
    lines = report_text(full(rehearsal=True)).splitlines()
    first = lines.index("Images of the deployment")
    assert lines[first + 1].split() == [NOTIFICATION, "would", "be", "built", f"erp/{NOTIFICATION}:{HEAD[:7]}"]
    assert '  +      tag: "aaaaaaa"  # 배포할 태그' in lines
    assert f"  Deployment {NOTIFICATION}: changed" in lines
    assert "    spec.replicas: 2 -> 3" in lines
    assert f"    spec.template.spec.containers[{NOTIFICATION}].env[LOG_LEVEL].value: nothing -> DEBUG" in lines
    assert "Values file" not in report_text(full())


def test_a_rehearsal_of_a_function_alone_shows_its_image_alone() -> None:
    rehearsed = report(rehearsal=True)
    rehearsed = replace(
        rehearsed, preview=Preview(images=(ImageWanted(target="employee-service", how="reuse", name="erp/e:1"),))
    )
    text = report_text(rehearsed)
    assert "  employee-service  reused  erp/e:1" in text
    assert "Values file" not in text
    assert "Objects of the release" not in text


def test_stages_are_listed_with_their_times_and_how_they_ended() -> None:
    recording = replace(report(), stages=(StageRecord(name="build images", seconds=0.0, status="done"),))
    assert "  build images           0.0 s  done" in report_text(recording)


def test_a_status_lists_what_runs() -> None:
    live = running({NOTIFICATION: "1 of 2 ready"})._replace(revision=Revision(number=7, status="deployed"))
    lines = status_text(live, {}).splitlines()
    assert lines[0] == f"Release: revision 7, deployed, commit {BASE[:12]}"
    row = next(line for line in lines if line.startswith(NOTIFICATION))
    assert row.split() == [NOTIFICATION, "0ld1234", BASE[:12], DIGEST[:19], "-", "1", "of", "2", "ready"]


def test_a_status_before_the_first_release_says_so() -> None:
    assert status_text(LiveState(), {}).splitlines()[0] == "No release yet"


@pytest.mark.parametrize("case", CASES)
def test_a_name_in_the_evidence_is_shown_as_the_table_says(case: Shown) -> None:
    failed = report(error=BuildFailed("x"))
    log = ("\tat a.B(B.java:1)\x1b[2J",)
    evidence = (Evidence(target=NOTIFICATION, pod=case.text, events=(case.text,), log=log),)
    lines = report_text(replace(failed, evidence=evidence)).split("\n")
    assert lines[lines.index("Evidence") :][1:4] == [
        f"  {NOTIFICATION}: {case.one_line}",
        f"    {case.one_line}",
        "    |     at a.B(B.java:1)\N{REPLACEMENT CHARACTER}[2J",
    ]


def test_what_has_no_readiness_probe_is_said_with_the_time_of_its_watch() -> None:
    text = report_text(full())
    assert "  notification-service      no               90 s" in text
    assert "Warning: notification-service has no readiness probe, and was therefore watched for 90 s" in text
    assert "approval-request-service has no readiness probe" not in text


def test_before_its_deployment_it_is_said_what_a_missing_probe_will_mean() -> None:
    failed = full(fails=True)
    text = "notification-service has no readiness probe: once all is ready it is watched for 90 s"
    assert f"Warning: {text}" in report_text(failed)
    assert text in warnings_of(report_document(failed))
