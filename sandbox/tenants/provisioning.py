"""What the user's own set-up leaves behind before the first run: parameters, repositories, roles, a function, a topic.

The demo has the tenant `erp`; a test makes one of its own, so that tests share the sandbox and nothing else.
"""

import json

from sandbox.aws.client import client, ignore_missing
from sandbox.cluster import admin_client
from sandbox.docker import engine
from sandbox.endpoints import ACCOUNT, REGION, REGISTRY_HOST
from sandbox.tenants.lambda_function import create_function
from sandbox.tenants.roles import create_role, remove_role, shipped_policy
from sandbox.tenants.tenant import IMAGES, PARAMETER_PASSWORD, Tenant, parameter_values


def create(name: str, function_tag: str = "", images: tuple[str, ...] = IMAGES) -> Tenant:
    """Make everything of a tenant, anew where it was there before.

    Args:
        name: of the tenant.
        function_tag: the tag by which its function names its first image; empty: by digest.
        images: of its services.
    """
    tenant = Tenant(name, images)
    remove(tenant)
    ssm, ecr, iam = client("ssm"), client("ecr"), client("iam")
    for parameter, value in parameter_values(tenant).items():
        ssm.put_parameter(Name=parameter, Value=value, Type="String", Overwrite=True)
    ssm.put_parameter(Name=tenant.password_parameter, Value=PARAMETER_PASSWORD, Type="SecureString", Overwrite=True)
    for repository in tenant.repositories:
        ecr.create_repository(repositoryName=repository)
    trust = {"Statement": [{"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=tenant.function_role, AssumeRolePolicyDocument=json.dumps(trust))
    create_role(tenant.build_role, shipped_policy(tenant))
    client("sns").create_topic(Name=tenant.topic)
    create_function(tenant, function_tag)
    if admin_client.is_there():
        create_in_cluster(tenant)
    return tenant


def create_in_cluster(tenant: Tenant) -> None:
    """Make what a tenant has in the cluster, for one that was made before there was a cluster."""
    admin_client.create_namespace(tenant.namespace)
    admin_client.give_access(tenant.namespace)


def remove(tenant: Tenant) -> None:
    """Take everything of a tenant away; what is not there is no error."""
    ignore_missing(client("lambda").delete_function, FunctionName=tenant.function)
    for repository in tenant.repositories:
        ignore_missing(client("ecr").delete_repository, repositoryName=repository, force=True)
    for parameter in (*parameter_values(tenant), tenant.password_parameter):
        ignore_missing(client("ssm").delete_parameter, Name=parameter)
    remove_role(tenant.build_role)
    ignore_missing(client("iam").delete_role, RoleName=tenant.function_role)
    ignore_missing(client("sns").delete_topic, TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:{tenant.topic}")
    _remove_containers_and_images(tenant)
    if admin_client.is_there():
        admin_client.delete_namespace(tenant.namespace)
        admin_client.delete_cluster_objects(tenant.namespace)


def _remove_containers_and_images(tenant: Tenant) -> None:
    """Take away the function's containers and the names of images that runs left in the engine."""
    with engine.client() as api:
        for identifier, tags in engine.images(api).items():
            names = [name for name in tags if name.startswith(f"{REGISTRY_HOST}/{tenant.name}/")]
            if not names:
                continue
            for container in api.containers.list(all=True, filters={"ancestor": identifier}, ignore_removed=True):
                container.remove(force=True)
            for name in names:
                api.images.remove(name, force=True)
