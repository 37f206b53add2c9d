"""Which pipeline and which project are looked at, and on what the role's actions are asked."""

from dataclasses import replace

from erp_build.model.images.scan import Scanning
from erp_build.model.permission import RUN
from tests.fakes.account import ACCOUNT, REGION
from tests.fakes.clinic import CONNECTION, PIPELINE, PROJECT, Clinic

HERE = f"{REGION}:{ACCOUNT}"


def called(clinic: Clinic, name: str) -> None:
    """Give the pipeline another name."""
    clinic.delivery.pipelines = {name: replace(clinic.delivery.pipelines[PIPELINE], name=name)}


def test_the_pipeline_has_the_name_of_the_option(clinic: Clinic) -> None:
    called(clinic, "another")
    assert clinic.find("connection").state == "unknown"
    clinic.pipeline = "another"
    assert clinic.find("connection").looked_at.startswith("source action Source of another")


def test_in_a_build_it_is_the_pipeline_that_started_it(clinic: Clinic) -> None:
    called(clinic, "starter")
    clinic.variables = {"CODEBUILD_INITIATOR": "codepipeline/starter"}
    assert clinic.find("connection").state == "ok"


def test_a_build_that_a_person_started_looks_at_the_usual_pipeline(clinic: Clinic) -> None:
    clinic.variables = {"CODEBUILD_INITIATOR": "kim"}
    assert clinic.find("connection").state == "ok"


def test_in_a_build_the_project_is_its_own_and_no_pipeline_is_needed(clinic: Clinic) -> None:
    clinic.delivery.pipelines.clear()
    clinic.variables = {"CODEBUILD_BUILD_ID": f"{PROJECT}:0a1b"}
    assert clinic.find("privileged").state == "ok"
    finding = clinic.find("permissions")
    assert (finding.state, "not asked" in finding.found, "s3:PutObject" in finding.found) == ("ok", True, True)


def test_each_action_is_asked_on_what_it_is_done_to(clinic: Clinic) -> None:
    assert clinic.find("permissions").state == "ok"
    asked = clinic.policies.asked
    assert "ecr:PutImage" in asked[f"arn:aws:ecr:{HERE}:repository/erp/notification-service"]
    assert asked[f"arn:aws:eks:{HERE}:cluster/erp-dev"] == {"eks:DescribeCluster"}
    assert asked[CONNECTION] == {"codeconnections:UseConnection"}
    assert "sns:Publish" in asked[f"arn:aws:sns:{HERE}:erp-dev-alarms"]
    assert "s3:GetObject" in asked["arn:aws:s3:::artifacts/erp-build"]
    assert {"ecr:GetAuthorizationToken", "ecr:GetRegistryScanningConfiguration"} <= asked["*"]


def test_what_only_some_runs_need_is_asked_for_those_alone(clinic: Clinic) -> None:
    clinic.find("permissions")
    always = {one.action for one in RUN if not one.only and not one.action.startswith("codestar")}
    assert set().union(*clinic.policies.asked.values()) == always
    function = clinic.world.project.functions[0]._replace(publish=True, alias="live")
    clinic.world.project = clinic.world.project._replace(functions=(function,))
    clinic.find("permissions")
    some = {"lambda:PublishVersion", "lambda:GetAlias", "lambda:UpdateAlias", "lambda:CreateAlias"}
    assert set().union(*clinic.policies.asked.values()) == always | some


def test_the_scanner_s_own_actions_are_asked_where_it_scans(clinic: Clinic) -> None:
    clinic.world.registry.how = Scanning("CONTINUOUS_SCAN", enhanced=True)
    assert clinic.find("permissions").state == "ok"
    assert {"inspector2:ListCoverage", "inspector2:ListFindings"} <= clinic.policies.asked["*"]


def test_an_old_connection_needs_the_old_action(clinic: Clinic) -> None:
    old = CONNECTION.replace("codeconnections", "codestar-connections")
    clinic.delivery.source_is(connection=old)
    clinic.find("permissions")
    assert clinic.policies.asked[old] == {"codestar-connections:UseConnection"}


def test_each_resource_is_asked_about_once(clinic: Clinic) -> None:
    clinic.policies.forbidden = {"ecr:PutImage"}
    clinic.find("permissions")
    assert clinic.policies.calls == len(clinic.policies.asked)
