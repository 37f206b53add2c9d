"""The documents of `--json` are a contract: these keys, these types, schema 1."""

import json
from dataclasses import replace

from erp_build.errors import BuildFailed, GateBlocked
from erp_build.model.effect import Effect, EffectKind
from erp_build.model.images.verdict import ClearedImage, Verdict
from erp_build.model.plan import LiveState, Running
from erp_build.model.releases.deployment import Deployment, Proof
from erp_build.model.releases.release import Revision
from erp_build.report.document import report_document
from erp_build.report.json.plan import plan_document
from erp_build.report.json.status import status_document
from erp_build.run_record import RunReport, StageRecord
from tests.support.documents import keys
from tests.support.samples import (
    BASE,
    DIGEST,
    EMPLOYEE,
    HEAD,
    NOTIFICATION,
    OTHER_DIGEST,
    PROCESSING,
    built,
    plan_of,
)

STEP = {
    "name": "str",
    "kind": "str",
    "action": "str",
    "baseline": {"commit": "str", "source": "str"},
}
PLAN = plan_of({NOTIFICATION: "backend/notification-service/pom.xml"})


def deployed() -> RunReport:
    verdict = Verdict(outcome="passed", why="2 LOW", counts={"LOW": 2})
    return RunReport(
        plan=PLAN,
        images=(built(),),
        cleared=(ClearedImage(built(), verdict, DIGEST),),
        deployment=Deployment(tags_after={NOTIFICATION: PLAN.tag, PROCESSING: "0ld1234"}, values_tags={}),
        proofs=(Proof(target=NOTIFICATION, built=DIGEST, scanned=DIGEST, running=DIGEST, replicas=2),),
        effects=(Effect(name=EffectKind.UPGRADE_RELEASE, target="erp-microservices", state="performed"),),
        stages=(StageRecord(name="make plan", seconds=0.0, status="done"),),
    )


def test_a_plan_has_the_keys_of_the_contract() -> None:
    document = plan_document(PLAN)
    assert set(document) == {"schema", "head", "tag", "targets", "unowned", "warnings"}
    assert keys(document["targets"]) == [{**STEP, "because": []}, {**STEP, "because": [{"path": "str", "rule": "str"}]}]
    assert (document["schema"], document["head"], document["tag"]) == (1, HEAD, HEAD[:7])


def test_a_plan_says_of_each_target_what_and_why() -> None:
    document = plan_document(PLAN)
    assert [target["action"] for target in document["targets"]] == ["none", "none", "build", "none", "none"]
    assert [target["kind"] for target in document["targets"]] == ["eks", "eks", "eks", "lambda", "chart"]
    assert document["targets"][2] == {
        "name": NOTIFICATION,
        "kind": "eks",
        "action": "build",
        "baseline": {"commit": BASE, "source": "deployed"},
        "because": [{"path": "backend/notification-service/pom.xml", "rule": "a rule"}],
    }


def test_a_target_without_baseline_has_null_and_a_reason_without_path() -> None:
    document = plan_document(plan_of({}, {EMPLOYEE: "nothing of it runs yet"}))
    employee = next(target for target in document["targets"] if target["name"] == EMPLOYEE)
    assert employee["baseline"] == {"commit": None, "source": "none"}
    assert employee["because"] == [{"path": None, "rule": "no baseline: nothing of it runs yet"}]


def test_a_report_has_the_keys_of_the_contract() -> None:
    document = report_document(deployed())
    shape = keys(document)
    contract = {
        "schema": "int",
        "outcome": "str",
        "exit_code": "int",
        "head": "str",
        "tag": "str",
        "targets": keys(document["targets"]),
        "stages": [{"name": "str", "began": "float", "seconds": "float", "status": "str"}],
        "effects": [{"name": "str", "target": "str", "state": "str"}],
        "evidence": [],
        "first_errors": [],
        "traces": [],
        "target_groups": [],
        "bakes": [],
        "taken_back": [],
        "alarms": [],
        "tests": "str",
        "checks": [],
        "gate": "NoneType",
        "error": "NoneType",
    }
    assert {name: shape[name] for name in contract} == contract
    proof = {
        "built",
        "scanned",
        "running",
        "units",
        "findings",
        "tag_before",
        "tag_after",
        "seconds",
        "making",
        "saved",
    }
    for target in document["targets"]:
        assert {*STEP, "because", *proof} <= set(target)


def test_a_deployed_target_shows_three_digests_that_are_one() -> None:
    target = report_document(deployed())["targets"][2]
    assert target["name"] == NOTIFICATION
    assert target["built"] == target["scanned"] == target["running"] == DIGEST
    assert (target["tag_before"], target["tag_after"], target["units"]) == ("0ld1234", HEAD[:7], 2)
    assert target["findings"] == {"LOW": 2}
    assert target["seconds"] == 1.235


def test_a_target_that_was_left_alone_shows_no_digests() -> None:
    targets = {target["name"]: target for target in report_document(deployed())["targets"]}
    assert targets[EMPLOYEE]["built"] is targets[EMPLOYEE]["scanned"] is targets[EMPLOYEE]["running"] is None
    assert targets[PROCESSING]["tag_before"] == targets[PROCESSING]["tag_after"] == "0ld1234"


def test_a_run_that_fails_before_the_plan_still_has_every_key() -> None:
    error = BuildFailed("Maven failed", where="backend/a", why="[ERROR] x", next_step="mvn")
    document = report_document(RunReport(error=error))
    contract = {
        "schema": 1,
        "outcome": "failed",
        "exit_code": 4,
        "head": None,
        "tag": None,
        "targets": [],
        "stages": [],
        "effects": [],
        "evidence": [],
        "first_errors": [],
        "traces": [],
        "target_groups": [],
        "bakes": [],
        "taken_back": [],
        "alarms": [],
        "tests": "compile",
        "checks": [],
        "gate": None,
        "error": {"what": "Maven failed", "where": "backend/a", "why": "[ERROR] x", "next": "mvn"},
    }
    assert {name: value for name, value in document.items() if name in contract} == contract
    assert set(document) == set(report_document(deployed()))


def test_a_blocked_image_is_built_but_neither_scanned_nor_running() -> None:
    error = GateBlocked("1 image over the policy")
    report = replace(deployed(), cleared=(), proofs=(), deployment=None, error=error)
    document = report_document(report)
    target = document["targets"][2]
    assert (document["outcome"], document["exit_code"]) == ("failed", 6)
    assert target["built"] == DIGEST
    assert target["scanned"] is target["running"] is target["tag_after"] is None


def test_a_status_says_what_runs() -> None:
    live = LiveState(
        running={
            NOTIFICATION: Running(
                target=NOTIFICATION,
                repository="erp/notification-service",
                tag="",
                digest=OTHER_DIGEST,
                trouble="1 of 2 ready",
            )
        },
        revision=Revision(number=7, status="deployed"),
        chart_commit=BASE,
    )
    assert status_document(live, {}) == {
        "schema": 1,
        "release": {"revision": 7, "status": "deployed", "commit": BASE, "drift": []},
        "ledger": {"runs": None, "proven": None, "failed": None},
        "targets": [
            {
                "name": NOTIFICATION,
                "repository": "erp/notification-service",
                "tag": "",
                "digest": OTHER_DIGEST,
                "commit": None,
                "trouble": "1 of 2 ready",
                "since": None,
                "git_tag": None,
                "release_tag": None,
                "drift": [],
            }
        ],
    }


def test_a_status_before_the_first_release_has_nulls() -> None:
    assert status_document(LiveState(), {})["release"] == {
        "revision": None,
        "status": None,
        "commit": None,
        "drift": [],
    }


def test_the_documents_are_json() -> None:
    for document in (plan_document(PLAN), report_document(deployed()), status_document(LiveState(), {})):
        assert json.loads(json.dumps(document)) == document
