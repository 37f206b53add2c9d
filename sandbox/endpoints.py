"""The account, region and cluster that the sandbox has, and the loopback addresses of its servers."""

from sandbox.lanes import LANE, LANES

ACCOUNT = "123456789012"
REGION = "ap-northeast-2"
CLUSTER = "erp-dev"

REGISTRY_ADDRESS = "127.77.0.1"
REGISTRY_HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"

OTHER_ACCOUNT, OTHER_REGION = "210987654321", "us-east-1"
OTHER_REGISTRY_HOST = f"{OTHER_ACCOUNT}.dkr.ecr.{OTHER_REGION}.amazonaws.com"
COMPANY_HOST, HUB_HOST = "registry.erp.example", "hub.erp.example"
"""Registries that are no ECR: the first takes a name and a password, the second a token that it gives for them."""

CODEARTIFACT_PASSWORD = "invented-CodeArtifact-token-3d70"
"""The token of every domain."""

MINISTACK_PORT = 4566
AWS_PORTS = tuple(4600 + lane for lane in LANES)
AWS_PORT = AWS_PORTS[LANE]
"""The fault proxy, which is what a run sees as AWS, in the lane of this process."""
AWS_ENDPOINT = f"http://127.0.0.1:{AWS_PORT}"

CODEBUILD_PORT = 4611
CODEBUILD_ADDRESS = f"http://127.0.0.1:{CODEBUILD_PORT}"
"""Where builds are begun; the fault proxy stands before it."""

API_SERVER_PORT = 16443
SIGN_IN_PORT = 4610
SIGN_IN_ADDRESS = f"http://127.0.0.1:{SIGN_IN_PORT}"
