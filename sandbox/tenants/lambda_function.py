"""The employee service's function, with an image that erp_build did not build."""

import io

from sandbox.aws.client import client
from sandbox.docker.push import push_image
from sandbox.endpoints import ACCOUNT, REGISTRY_HOST
from sandbox.tenants.tenant import FUNCTION_IMAGE, FUNCTION_PASSWORD, Tenant

FIRST_IMAGE = b"FROM scratch\nCOPY Dockerfile /first\n"


def create_function(tenant: Tenant, tag: str = "") -> None:
    """Make the function with a first image that erp_build did not build and that names no commit.

    Args:
        tenant: whose function.
        tag: by which it names the image, as Terraform does; empty: by digest.
    """
    repository = f"{REGISTRY_HOST}/{tenant.name}/{FUNCTION_IMAGE}"
    digest = push_image(repository, tag or "bootstrap", io.BytesIO(FIRST_IMAGE))
    client("lambda").create_function(
        FunctionName=tenant.function,
        PackageType="Image",
        Code={"ImageUri": f"{repository}:{tag}" if tag else f"{repository}@{digest}"},
        Role=f"arn:aws:iam::{ACCOUNT}:role/{tenant.function_role}",
        Timeout=30,
        MemorySize=512,
        Environment={"Variables": {"SPRING_DATASOURCE_PASSWORD": FUNCTION_PASSWORD}},
    )
