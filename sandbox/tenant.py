"""What the user's own set-up leaves behind before the first run: parameters, repositories, roles, a function, a topic.

The demo has the tenant `erp`; a test makes one of its own, so that tests share the sandbox and nothing else.
"""

import io
import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from sandbox import kube, policy
from sandbox.layout import ACCOUNT, AWS_ENDPOINT, CLUSTER, REGION, REGISTRY_HOST
from sandbox.part import SandboxError
from sandbox.parts import engine

IMAGES = ("approval-request-service", "approval-processing-service", "notification-service", "employee-service-lambda")
FUNCTION_PASSWORD = "invented-Lambda-password-7f3a"
"""A secret of the function's environment, which no output of a run may hold."""

PARAMETER_PASSWORD = "invented-Parameter-password-51c9"
"""A secret of Parameter Store beside the six parameters."""

POLICY = "run"
FIRST_IMAGE = b"FROM scratch\nCOPY Dockerfile /first\n"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One ERP in the sandbox: everything of it has this name in front."""

    name: str

    @property
    def parameters(self) -> str:
        """Prefix of the parameters."""
        return f"/{self.name}/dev"

    @property
    def repositories(self) -> tuple[str, ...]:
        """The four image repositories."""
        return tuple(f"{self.name}/{image}" for image in IMAGES)

    @property
    def function(self) -> str:
        """The employee service's function."""
        return f"{self.name}-dev-employee-service"

    @property
    def namespace(self) -> str:
        """The release's namespace."""
        return f"{self.name}-dev"

    @property
    def topic(self) -> str:
        """The topic of alarms."""
        return f"{self.name}-dev-alarms"

    @property
    def build_role(self) -> str:
        """The role of a run."""
        return _role(self, "codebuild")

    @property
    def release(self) -> str:
        """The Helm release."""
        return "erp-microservices"


def client(service: Any) -> Any:
    """A boto3 client for the sandbox's AWS, whatever the caller's environment says."""
    return boto3.client(
        service,
        endpoint_url=AWS_ENDPOINT,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="sandbox",
    )


def parameter_values(tenant: Tenant) -> dict[str, str]:
    """The six parameters: full name -> value."""
    values = {
        "account-id": ACCOUNT,
        "region": REGION,
        "eks/cluster-name": CLUSTER,
        "ecr/repository-prefix": tenant.name,
        "project-name": tenant.name,
        "environment": "dev",
    }
    return {f"{tenant.parameters}/{name}": value for name, value in values.items()}


def create(name: str) -> Tenant:
    """Make everything of a tenant, anew where it was there before."""
    tenant = Tenant(name)
    remove(tenant)
    ssm, ecr, iam = client("ssm"), client("ecr"), client("iam")
    for parameter, value in parameter_values(tenant).items():
        ssm.put_parameter(Name=parameter, Value=value, Type="String", Overwrite=True)
    ssm.put_parameter(Name=_password(tenant), Value=PARAMETER_PASSWORD, Type="SecureString", Overwrite=True)
    for repository in tenant.repositories:
        ecr.create_repository(repositoryName=repository)
    trust = {"Statement": [{"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=_role(tenant, "lambda"), AssumeRolePolicyDocument=json.dumps(trust))
    create_role(tenant.build_role, shipped_policy(tenant))
    client("sns").create_topic(Name=tenant.topic)
    create_function(tenant)
    if kube.is_there():
        kube.create_namespace(tenant.namespace)
        kube.give_access(tenant.namespace)
    return tenant


def shipped_policy(tenant: Tenant, **parameters: str) -> str:
    """The policy of `infra/pipeline.yaml` for a tenant, as JSON; further parameters of the template may be given."""
    given = {
        "ParameterPrefix": tenant.parameters,
        "RepositoryPrefix": tenant.name,
        "FunctionName": tenant.function,
        "ClusterName": CLUSTER,
        "TopicName": tenant.topic,
        "Publish": "true",
        "EnhancedScanning": "true",
    }
    return policy.run_policy({**given, **parameters})


def create_role(name: str, document: str) -> None:
    """Make a role that CodeBuild may take on, with one policy, anew where it was there before."""
    iam = client("iam")
    remove_role(name)
    trust = {"Statement": [{"Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=document)


def remove_role(name: str) -> None:
    """Take a role of `create_role` away; a missing one is no error."""
    _quietly(client("iam").delete_role_policy, RoleName=name, PolicyName=POLICY)
    _quietly(client("iam").delete_role, RoleName=name)


def role_credentials(tenant: Tenant, role: str = "") -> dict[str, str]:
    """The variables of an AWS client that has taken on a role, as CodeBuild does; by default the build role."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role or tenant.build_role}"
    given = client("sts").assume_role(RoleArn=arn, RoleSessionName="AWSCodeBuild-sandbox")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def create_function(tenant: Tenant) -> None:
    """Make the function with a first image that erp_build did not build and that names no commit."""
    repository = f"{REGISTRY_HOST}/{tenant.name}/employee-service-lambda"
    client("lambda").create_function(
        FunctionName=tenant.function,
        PackageType="Image",
        Code={"ImageUri": f"{repository}@{_push_first_image(repository)}"},
        Role=f"arn:aws:iam::{ACCOUNT}:role/{_role(tenant, 'lambda')}",
        Timeout=30,
        MemorySize=512,
        Environment={"Variables": {"SPRING_DATASOURCE_PASSWORD": FUNCTION_PASSWORD}},
    )


def remove(tenant: Tenant) -> None:
    """Take everything of a tenant away; what is not there is no error."""
    _quietly(client("lambda").delete_function, FunctionName=tenant.function)
    for repository in tenant.repositories:
        _quietly(client("ecr").delete_repository, repositoryName=repository, force=True)
    for parameter in (*parameter_values(tenant), _password(tenant)):
        _quietly(client("ssm").delete_parameter, Name=parameter)
    remove_role(tenant.build_role)
    _quietly(client("iam").delete_role, RoleName=_role(tenant, "lambda"))
    _quietly(client("sns").delete_topic, TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:{tenant.topic}")
    _remove_containers_and_images(tenant)
    if kube.is_there():
        kube.delete_namespace(tenant.namespace)
        kube.delete_cluster_objects(tenant.namespace)


def _password(tenant: Tenant) -> str:
    return f"{tenant.parameters}/database-password"


def _role(tenant: Tenant, service: str) -> str:
    return f"{tenant.name}-dev-{service}-role"


def _push_first_image(repository: str) -> str:
    """Build and push the function's first image and return its digest."""
    sign_in = client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    with engine.client() as api:
        _check(api.api.build(fileobj=io.BytesIO(FIRST_IMAGE), tag=f"{repository}:bootstrap", rm=True, decode=True))
        events = _check(
            api.api.push(repository, tag="bootstrap", stream=True, decode=True, auth_config=_credentials(sign_in))
        )
    return next(str(event["aux"]["Digest"]) for event in events if "Digest" in event.get("aux", {}))


def _credentials(token: str) -> dict[str, str]:
    import base64

    username, _, password = base64.b64decode(token).decode().partition(":")
    return {"username": username, "password": password}


def _check(events: Any) -> list[dict[str, Any]]:
    found = list(events)
    for event in found:
        if "error" in event:
            raise SandboxError(f"the function's first image: {event['error']}")
    return found


def _quietly(call: Any, **arguments: Any) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if not any(word in code for word in ("NotFound", "NoSuchEntity")):
            raise


def _remove_containers_and_images(tenant: Tenant) -> None:
    """Take away the function's containers and the names of images that runs left in the engine."""
    with engine.client() as api:
        for image in api.images.list():
            names = [name for name in image.tags if name.startswith(f"{REGISTRY_HOST}/{tenant.name}/")]
            if not names:
                continue
            for container in api.containers.list(all=True, filters={"ancestor": str(image.id)}):
                container.remove(force=True)
            for name in names:
                api.images.remove(name, force=True)
