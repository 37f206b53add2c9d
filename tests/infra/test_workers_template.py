"""The project of workers, in the template and in Terraform: made where it is asked for, with limits of its own."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.pipeline_template import CONNECTION, Template
from tests.support.terraform import filled, named, parsed, variables

ROOT = Path(__file__).parents[2]
BLOCKS = parsed((ROOT / "infra" / "erp-build.tf").read_text(encoding="utf-8"))
MADE = {"MakeWorkers": "true", "WorkerProject": "erp-unified-workers"}
GIVEN = {
    **{f"var.{name}": default for name, default in variables(BLOCKS).items()},
    "var.connection_arn": CONNECTION,
    "var.artifacts_bucket": "erp-unified-pipeline-123456789012-ap-northeast-2",
    "var.worker_project": MADE["WorkerProject"],
    "var.source_repository": "example/erp",
}


def properties(resource: str, given: dict[str, str] | None = None) -> Any:
    template = Template(given or MADE)
    return template.resolve(template.document["Resources"][resource]["Properties"])


@pytest.mark.parametrize("resource", ["Workers", "WorkerRole", "WorkerLogs"])
def test_workers_are_made_only_where_they_are_asked_for(resource: str) -> None:
    for given, made in (({}, False), ({"WorkerProject": "erp-unified-workers"}, False), (MADE, True)):
        template = Template(given)
        condition = template.document["Resources"][resource]["Condition"]
        assert template.resolve(template.document["Conditions"][condition]) is made


def test_workers_without_a_name_are_refused_before_anything_is_made() -> None:
    template = Template({"MakeWorkers": "true"})
    rule = template.document["Rules"]["WorkersHaveAName"]
    assert template.resolve(rule["RuleCondition"]) is True
    assert [template.resolve(one["Assert"]) for one in rule["Assertions"]] == [False]
    named_one = Template(MADE)
    assert [named_one.resolve(one["Assert"]) for one in rule["Assertions"]] == [True]


def test_the_source_of_a_worker_is_the_repository_itself_by_the_connection_of_the_pipeline() -> None:
    source = properties("Workers")["Source"]
    assert (source["Type"], source["Location"]) == ("GITHUB", "https://github.com/example/erp.git")
    assert source["Auth"] == {"Type": "CODECONNECTIONS", "Resource": CONNECTION}
    # With a depth CodeBuild may not find a commit that is no longer the newest.
    assert "GitCloneDepth" not in source


def test_workers_have_limits_of_their_own_and_else_what_a_run_has() -> None:
    given = {**MADE, "WorkersAtOnce": "3", "WorkerTimeoutMinutes": "45", "WorkerComputeType": "BUILD_GENERAL1_LARGE"}
    workers, run = properties("Workers", given), properties("Project", given)
    assert (workers["ConcurrentBuildLimit"], workers["TimeoutInMinutes"]) == ("3", "45")
    assert workers["Environment"] == run["Environment"] | {"ComputeType": "BUILD_GENERAL1_LARGE"}
    assert workers["Artifacts"] == {"Type": "NO_ARTIFACTS"}
    assert workers["Cache"]["Location"] != run["Cache"]["Location"]
    assert workers["LogsConfig"]["CloudWatchLogs"]["GroupName"] == "/aws/codebuild/erp-unified-workers"


def test_the_project_of_workers_is_that_of_the_template() -> None:
    ours, theirs = named(BLOCKS, "resource", "aws_codebuild_project", "worker"), properties("Workers")
    (source,), (environment,), (cache,) = ours["source"], ours["environment"], ours["cache"]
    assert (source["type"], filled(source["location"], GIVEN)) == (
        theirs["Source"]["Type"],
        theirs["Source"]["Location"],
    )
    (auth,) = source["auth"]
    assert (auth["type"], filled(auth["resource"], GIVEN)) == tuple(theirs["Source"]["Auth"].values())
    assert filled(environment["compute_type"], GIVEN) == theirs["Environment"]["ComputeType"]
    assert environment["privileged_mode"] == "${var.engine}"
    assert filled(cache["location"], GIVEN) == theirs["Cache"]["Location"]
    assert filled(str(ours["concurrent_build_limit"]), GIVEN) == theirs["ConcurrentBuildLimit"]
    assert filled(str(ours["build_timeout"]), GIVEN) == theirs["TimeoutInMinutes"]
    assert ours["queued_timeout"] == theirs["QueuedTimeoutInMinutes"]
    logs = named(BLOCKS, "resource", "aws_cloudwatch_log_group", "worker")
    assert filled(logs["name"], GIVEN) == properties("WorkerLogs")["LogGroupName"]


def test_everything_of_workers_in_terraform_is_off_by_default() -> None:
    assert GIVEN["var.make_workers"] is False
    for kind in ("aws_iam_role", "aws_iam_role_policy", "aws_cloudwatch_log_group", "aws_codebuild_project"):
        assert named(BLOCKS, "resource", kind, "worker")["count"] == "${var.make_workers ? 1 : 0}"
