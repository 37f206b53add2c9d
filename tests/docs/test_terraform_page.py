"""docs/terraform.md: its blocks are HCL, and name what infra/erp-build.tf and the template have."""

import re
from pathlib import Path

import pytest
import yaml

from sandbox.aws.pipeline_template import Template
from tests.docs.test_migrate_page import parameters_of_the_command
from tests.support.terraform import filled, named, parsed, variables

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "terraform.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```hcl\n(.*?)```", PAGE, flags=re.DOTALL)
OURS = (ROOT / "infra" / "erp-build.tf").read_text(encoding="utf-8")
TFVARS, IMPORTS, FUNCTION, PIPELINE, AUTH = map(parsed, BLOCKS)


@pytest.mark.parametrize("text", BLOCKS)
def test_every_block_is_formatted_as_terraform_does(text: str) -> None:
    assert "\t" not in text
    assert [line for line in text.splitlines() if (len(line) - len(line.lstrip())) % 2] == []


def test_every_variable_that_has_to_be_given_is_given_and_none_is_unknown() -> None:
    known = variables(parsed(OURS))
    assert {name for name, default in known.items() if default is None} <= set(TFVARS) <= set(known)


def test_the_names_beside_the_old_ones_are_those_of_the_other_way() -> None:
    given = parameters_of_the_command()
    ours = {name: TFVARS[name] for name in ("project_name", "build_role_name", "pipeline_role_name")}
    assert ours == {
        "project_name": given["ProjectName"],
        "build_role_name": given["BuildRoleName"],
        "pipeline_role_name": given["PipelineRoleName"],
    }


def test_what_is_imported_is_a_resource_of_the_file() -> None:
    defaults = {f"var.{name}": value for name, value in variables(parsed(OURS)).items()}
    ids = {
        "aws_cloudwatch_log_group": filled("/aws/codebuild/${var.project_name}", defaults),
        "aws_codebuild_project": defaults["var.project_name"],
        "aws_iam_role": defaults["var.build_role_name"],
    }
    for one in IMPORTS["import"]:
        kind, name = one["to"].strip("${}").split(".")
        assert named(parsed(OURS), "resource", kind, name)
        assert one["id"] == ids[kind]


def test_an_apply_leaves_the_image_of_the_function_to_the_run() -> None:
    (lifecycle,) = named(FUNCTION, "resource", "aws_lambda_function", "employee")["lifecycle"]
    assert [one.strip("${}") for one in lifecycle["ignore_changes"]] == ["image_uri"]


def test_the_pipeline_is_that_of_the_template() -> None:
    ours = named(PIPELINE, "resource", "aws_codepipeline", "unified")
    template = Template(parameters_of_the_command())
    theirs = template.resolve(template.document["Resources"]["Pipeline"]["Properties"])
    assert (ours["name"], ours["pipeline_type"], ours["execution_mode"]) == (
        theirs["Name"],
        theirs["PipelineType"],
        theirs["ExecutionMode"],
    )
    for stage, other in zip(ours["stage"], theirs["Stages"], strict=True):
        (action,), (expected,) = stage["action"], other["Actions"]
        kind = expected["ActionTypeId"]
        assert [action[name] for name in ("category", "owner", "provider", "version")] == list(kind.values())
        assert set(action["configuration"]) == set(expected["Configuration"])
        assert action.get("output_artifacts", []) == [one["Name"] for one in expected.get("OutputArtifacts", ())]
    assert ours["stage"][0]["action"][0]["configuration"]["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF"


def test_the_role_is_mapped_beside_the_nodes_to_the_group_that_gets_the_rights() -> None:
    auth = named(AUTH, "resource", "kubernetes_config_map_v1_data", "aws_auth")
    assert auth["force"] is True
    assert auth["metadata"] == [{"name": "aws-auth", "namespace": "kube-system"}]
    roles = auth["data"]["mapRoles"]
    assert "system:nodes" in roles
    assert "aws_iam_role.build.arn" in roles
    assert "var.kubernetes_group" in roles
    group = variables(parsed(OURS))["kubernetes_group"]
    access = yaml.safe_load_all((ROOT / "infra" / "access.yaml").read_text(encoding="utf-8"))
    assert {one["subjects"][0]["name"] for one in access if one["kind"] == "RoleBinding"} == {group}
