"""The template as a text: what cfn-lint says of it, and the decisions that stand in it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from erp_build.cli.app import parser_of
from erp_build.cli.verbs import run
from erp_build.config.load import load_project
from erp_build.deployment.frozen.approval import EXECUTION
from erp_build.doctor.max_run_time import longest_run
from erp_build.model.project import Project
from sandbox.aws.pipeline_template import PIPELINE_ROLE, TEMPLATE, Template

ROOT = Path(__file__).parents[2]
ACCESS = ROOT / "infra" / "access.yaml"


@pytest.fixture(scope="module")
def template() -> Template:
    return Template({})


def properties(template: Template, resource: str) -> Any:
    return template.resolve(template.document["Resources"][resource]["Properties"])


@pytest.mark.slow
def test_cfn_lint_has_nothing_to_say() -> None:
    program = Path(sys.executable).parent / "cfn-lint"
    words = [str(program), str(TEMPLATE), "--regions", "ap-northeast-2", "--include-checks", "I"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    # I3042 among the hints: no partition, region or account is written out.
    assert (done.returncode, done.stdout.strip()) == (0, "")


def test_every_name_is_a_parameter_and_the_defaults_are_the_erps(template: Template) -> None:
    assert properties(template, "Pipeline")["Name"] == "erp-unified-pipeline"
    assert properties(template, "Project")["Name"] == "erp-unified-build"
    assert properties(template, "BuildRole")["RoleName"] == "erp-dev-codebuild-role"
    assert properties(template, "Logs")["LogGroupName"] == "/aws/codebuild/erp-unified-build"
    resources = TEMPLATE.read_text(encoding="utf-8").partition("\nResources:\n")[2]
    assert "erp-dev" not in "".join(line for line in resources.splitlines() if not line.lstrip().startswith("#"))


def test_the_six_parameters_are_those_that_a_run_reads(template: Template) -> None:
    made = {
        properties(template, name)["Name"]: properties(template, name)["Value"]
        for name, one in template.document["Resources"].items()
        if one["Type"] == "AWS::SSM::Parameter"
    }
    assert made == {
        "/erp/dev/account-id": "123456789012",
        "/erp/dev/region": "ap-northeast-2",
        "/erp/dev/eks/cluster-name": "erp-dev",
        "/erp/dev/ecr/repository-prefix": "erp",
        "/erp/dev/project-name": "erp",
        "/erp/dev/environment": "dev",
    }


def test_the_source_is_a_full_clone_and_a_waiting_run_gives_way_to_a_newer_one(template: Template) -> None:
    pipeline = properties(template, "Pipeline")
    source, build = (stage["Actions"][0] for stage in pipeline["Stages"])
    assert source["Configuration"]["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF"
    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert build["InputArtifacts"] == source["OutputArtifacts"]
    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "SUPERSEDED")


def test_without_an_approval_there_is_one_build_and_it_gets_no_options(template: Template) -> None:
    stages = properties(template, "Pipeline")["Stages"]
    assert [stage["Name"] for stage in stages] == ["Source", "Build"]
    assert stages[1]["Actions"][0]["Configuration"] == {"ProjectName": "erp-unified-build"}


def test_an_approval_stands_between_a_build_that_saves_the_plan_and_one_that_does_it() -> None:
    stages = properties(Template({"Approval": "true"}), "Pipeline")["Stages"]
    assert [stage["Name"] for stage in stages] == ["Source", "Build", "Approve", "Deploy"]
    _, build, approve, deploy = (stage["Actions"][0] for stage in stages)
    assert approve["ActionTypeId"]["Category"] == "Approval"
    assert approve["Configuration"]["NotificationArn"].endswith(":erp-dev-alarms")
    saves, does = (
        {one["name"]: one["value"] for one in json.loads(each["Configuration"]["EnvironmentVariables"])}
        for each in (build, deploy)
    )
    (artifact,) = build["OutputArtifacts"]
    assert artifact in deploy["InputArtifacts"]
    assert deploy["Configuration"]["PrimarySource"] == "Source"
    parser = parser_of("run", run)
    saving = parser.parse_args(saves["ERP_BUILD_OPTIONS"].split(), run.Options())
    doing = parser.parse_args(does["ERP_BUILD_OPTIONS"].split(), run.Options())
    assert saving.until == "cleared"
    assert str(doing.plan) == f"$CODEBUILD_SRC_DIR_{artifact['Name']}/{saving.save}"
    assert does[EXECUTION] == "#{codepipeline.PipelineExecutionId}"


def test_the_build_has_an_engine_and_a_log_that_ends_some_day(template: Template) -> None:
    project = properties(template, "Project")
    assert project["Environment"]["PrivilegedMode"] is True
    assert properties(template, "Logs")["RetentionInDays"] == "90"
    assert project["Cache"]["Type"] == "S3"


def test_the_runner_is_the_accounts_own_image_unless_another_is_given() -> None:
    own = properties(Template({}), "Project")["Environment"]
    assert own["Image"].endswith(".amazonaws.com/erp/erp-build-runner:latest")
    assert own["ImagePullCredentialsType"] == "SERVICE_ROLE"
    given = {"RunnerImage": "aws/codebuild/standard:7.0", "RunnerPulledBy": "CODEBUILD"}
    of_aws = properties(Template(given), "Project")["Environment"]
    assert (of_aws["Image"], of_aws["ImagePullCredentialsType"]) == tuple(given.values())


def test_without_an_engine_the_build_is_not_privileged_and_runs_in_the_slim_image() -> None:
    slim = properties(Template({"Engine": "false"}), "Project")["Environment"]
    usual = properties(Template({}), "Project")["Environment"]
    assert slim["PrivilegedMode"] is False
    assert slim["Image"] == usual["Image"].replace(":latest", ":slim")
    assert slim == usual | {"PrivilegedMode": False, "Image": slim["Image"]}


def test_an_image_that_is_given_is_taken_with_an_engine_and_without() -> None:
    for engine in ("true", "false"):
        given = Template({"Engine": engine, "RunnerImage": "123456789012.dkr.ecr.example/own@sha256:0"})
        assert properties(given, "Project")["Environment"]["Image"] == "123456789012.dkr.ecr.example/own@sha256:0"


def test_the_time_out_is_above_all_deadlines_of_the_example_together(template: Template) -> None:
    project = load_project(ROOT / "examples" / "erp")
    seconds = sum(longest_run(project).values())
    assert seconds < int(properties(template, "Project")["TimeoutInMinutes"]) * 60


def test_a_longer_deadline_makes_the_longest_run_longer() -> None:
    default = Project()
    longer = default._replace(gate=default.gate._replace(timeout=default.gate.timeout + 60))
    assert sum(longest_run(longer).values()) == sum(longest_run(default).values()) + 60


def test_the_timeout_of_a_run_caps_everything_but_going_back() -> None:
    default = Project()
    capped = longest_run(default._replace(timeout=600.0))
    taken_back = {name: seconds for name, seconds in longest_run(default).items() if "taken back" in name}
    assert capped == {"the timeout of the run": 660.0, **taken_back}
    assert longest_run(default._replace(timeout=36_000.0)) == longest_run(default)


def test_a_report_of_the_buildspecs_goes_to_the_group_of_the_template(template: Template) -> None:
    group = properties(template, "Reports")["Name"]
    assert group == "erp-unified-build-erp-build"
    for path in (ROOT / "buildspec.yml", ROOT / "examples" / "erp" / "buildspec.yml"):
        reports = yaml.safe_load(path.read_text(encoding="utf-8")).get("reports", {})
        # CodeBuild puts the project's name in front of the report's.
        assert {f"erp-unified-build-{name}" for name in reports} <= {group}


def test_artifacts_are_encrypted_closed_and_end(template: Template) -> None:
    bucket = properties(template, "Artifacts")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == "30"


def test_eventbridge_tells_the_topic_of_failed_executions_of_this_pipeline_alone(template: Template) -> None:
    rule = properties(template, "FailedExecutions")
    assert rule["EventPattern"]["detail"] == {"pipeline": ["erp-unified-pipeline"], "state": ["FAILED"]}
    assert rule["Targets"][0]["Arn"] == "arn:aws:sns:ap-northeast-2:123456789012:erp-dev-alarms"
    (publisher,) = [
        one
        for one in properties(template, "TopicPolicy")["PolicyDocument"]["Statement"]
        if one["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    assert publisher["Condition"] == {"ArnEquals": {"aws:SourceArn": "{FailedExecutions.Arn}"}}


def test_the_pipeline_may_start_this_project_and_no_other(template: Template) -> None:
    (document,) = template.policies(PIPELINE_ROLE)
    allowed = {action: one["Resource"] for one in document["Statement"] for action in one["Action"]}
    assert allowed["codebuild:StartBuild"].endswith(":project/erp-unified-build")
    assert "*" not in allowed.values()


def test_what_is_there_already_can_be_left_alone() -> None:
    conditional = {
        name: one["Condition"] for name, one in Template({}).document["Resources"].items() if "Condition" in one
    }
    assert set(conditional.values()) == {
        *("OwnParameters", "OwnTopic", "OwnAccessEntry", "OwnLogs"),
        *("MakesWorkers", "Checks", "ChecksInCluster"),
    }


def test_the_group_of_the_access_entry_is_the_one_that_is_let_in(template: Template) -> None:
    (group,) = properties(template, "AccessEntry")["KubernetesGroups"]
    bound = [one for one in yaml.safe_load_all(ACCESS.read_text(encoding="utf-8")) if one["kind"].endswith("Binding")]
    assert [subject["name"] for one in bound for subject in one["subjects"]] == [group, group]
