"""The role of a run and its policy, as CodeBuild takes it on."""

import json

from sandbox.aws import pipeline_template
from sandbox.aws.client import client, ignore_missing
from sandbox.aws.ecr.hosts import PULL_THROUGH
from sandbox.aws.iam.required_actions import repository_arn
from sandbox.endpoints import ACCOUNT, CLUSTER
from sandbox.tenants.tenant import Tenant

POLICY = "run"


def shipped_policy(tenant: Tenant, **parameters: str) -> str:
    """The policy of `infra/pipeline.yaml` for a tenant, as JSON; further parameters of the template may be given."""
    given = {
        "ParameterPrefix": tenant.parameters,
        "RepositoryPrefix": tenant.name,
        "FunctionName": tenant.function,
        "ClusterName": CLUSTER,
        "TopicName": tenant.topic,
        "BaseImages": repository_arn(f"{PULL_THROUGH}*"),
        "Publish": "true",
        "EnhancedScanning": "true",
    }
    return pipeline_template.run_policy({**given, **parameters})


def create_role(name: str, document: str) -> None:
    """Make a role that CodeBuild may take on, with one policy, anew where it was there before."""
    iam = client("iam")
    remove_role(name)
    trust = {"Statement": [{"Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=document)


def remove_role(name: str) -> None:
    """Take a role of `create_role` away; a missing one is no error."""
    ignore_missing(client("iam").delete_role_policy, RoleName=name, PolicyName=POLICY)
    ignore_missing(client("iam").delete_role, RoleName=name)


def role_credentials(tenant: Tenant, role: str = "") -> dict[str, str]:
    """The variables of an AWS client that has taken on a role, as CodeBuild does; by default the build role."""
    return credentials_of(f"arn:aws:iam::{ACCOUNT}:role/{role or tenant.build_role}")


def credentials_of(arn: str) -> dict[str, str]:
    """The same for the ARN of a role."""
    given = client("sts").assume_role(RoleArn=arn, RoleSessionName="AWSCodeBuild-sandbox")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
