"""boto3 clients for the AWS of the sandbox."""

from typing import Any

import boto3
from botocore.exceptions import ClientError

from sandbox.endpoints import ACCOUNT, AWS_ENDPOINT, REGION


def client(service: Any) -> Any:
    """A boto3 client for the sandbox's AWS, whatever the caller's environment says."""
    return boto3.client(
        service,
        endpoint_url=AWS_ENDPOINT,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="sandbox",
    )


def ignore_missing(call: Any, **arguments: Any) -> None:
    """Call an operation of a client; that what it names is not there is no error."""
    try:
        call(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if not any(word in code for word in ("NotFound", "NoSuchEntity")):
            raise
