"""One call of an AWS JSON protocol, for the servers that ask the stand-in behind them."""

import json
from typing import Any

from aiohttp import ClientSession

from sandbox.endpoints import ACCOUNT, REGION

ECR = "AmazonEC2ContainerRegistry_V20150921"


async def call(
    session: ClientSession, address: str, target: str, operation: str, body: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Call an operation and return status and answer; the signature's only use is to name account and region."""
    credential = f"{ACCOUNT}/20260101/{REGION}/ecr/aws4_request"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"{target}.{operation}",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
    }
    async with session.post(address, data=json.dumps(body), headers=headers) as answer:
        return answer.status, json.loads(await answer.read() or b"{}")
