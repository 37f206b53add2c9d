"""The environment of an AWS client that reaches the sandbox and nothing else."""

from sandbox.endpoints import ACCOUNT, AWS_ENDPOINT, REGION


def aws_environment() -> dict[str, str]:
    """The variables that point an AWS client at the sandbox and nowhere else."""
    return {
        "AWS_ENDPOINT_URL": AWS_ENDPOINT,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
