"""The AWS JSON protocols, for the servers that answer in them, forward to the stand-in behind them, or ask it."""

import json
import uuid
from typing import Any

from aiohttp import ClientSession, web

from sandbox.endpoints import ACCOUNT, REGION

ECR, CODEBUILD = "AmazonEC2ContainerRegistry_V20150921", "CodeBuild_20161006"
"""How services name themselves in the header X-Amz-Target."""

AWS_JSON = "application/x-amz-json-1.1"
NOT_FORWARDED = {"host", "content-length", "transfer-encoding", "connection", "expect"}
NOT_RETURNED = {"transfer-encoding", "connection", "content-encoding", "content-length", "date", "server"}


async def call(
    session: ClientSession, address: str, target: str, operation: str, body: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Call an operation and return status and answer; the signature's only use is to name account and region."""
    credential = f"{ACCOUNT}/20260101/{REGION}/ecr/aws4_request"
    headers = {
        "Content-Type": AWS_JSON,
        "X-Amz-Target": f"{target}.{operation}",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
    }
    async with session.post(address, data=json.dumps(body), headers=headers) as answer:
        return answer.status, json.loads(await answer.read() or b"{}")


async def forward(session: ClientSession, address: str, request: web.Request, body: bytes) -> web.Response:
    """Ask another server the same, and return its answer; it sees the host that was asked."""
    headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_FORWARDED}
    headers["Host"] = request.headers.get("Host", "")
    async with session.request(
        request.method, address + request.raw_path, data=body, headers=headers, allow_redirects=False
    ) as answer:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_RETURNED}
        return web.Response(status=answer.status, headers=kept, body=await answer.read())


def aws_error(code: str, message: str, status: int = 400) -> web.Response:
    """An error that botocore understands in the JSON and REST-JSON protocols."""
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "x-amzn-ErrorType": code}
    body = {"__type": code, "message": message, "Message": message, "Type": "User"}
    text = json.dumps(body)
    return web.Response(status=status, headers=headers, content_type=AWS_JSON, text=text)
