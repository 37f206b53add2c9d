"""The account, region and cluster that the sandbox has, and the loopback addresses of its servers."""

from sandbox.lanes import LANE, LANES

ACCOUNT = "123456789012"
REGION = "ap-northeast-2"
CLUSTER = "erp-dev"

REGISTRY_ADDRESS = "127.77.0.1"
REGISTRY_HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"

MINISTACK_PORT = 4566
AWS_PORTS = tuple(4600 + lane for lane in LANES)
AWS_PORT = AWS_PORTS[LANE]
"""The fault proxy, which is what a run sees as AWS, in the lane of this process."""
AWS_ENDPOINT = f"http://127.0.0.1:{AWS_PORT}"

API_SERVER_PORT = 16443
SIGN_IN_PORT = 4610
SIGN_IN_ADDRESS = f"http://127.0.0.1:{SIGN_IN_PORT}"
