"""The sign-in of EKS: the API server asks here who the bearer of a token is (TokenReview).

`POST /authenticate` is the webhook. For tests: `POST /_expire` refuses every token signed until now, with ?host=a:1
those for one address of STS, which is a lane; `POST /_entry/off?role=name` takes a build role's access entry away, so
that only the ConfigMap `aws-auth` lets it in, and `/_entry/on` gives it back; `GET /_log` lists the answers given,
`GET /_health` says that the server is there.

The stand-in for STS does not check signatures, so they are checked here for the sandbox's own key. The secret of
credentials that the stand-in minted (AssumeRole) is known to nobody else; those are taken at its word.
"""

import asyncio
import re
import sys
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from sandbox.aws.environment import aws_environment
from sandbox.cluster.sign_in import aws_auth
from sandbox.cluster.sign_in.eks_token import CLUSTER_HEADER, RefusedError, SignedCall, check_signature, read_token
from sandbox.endpoints import ACCOUNT, AWS_ENDPOINT, AWS_PORTS, CLUSTER, REGION, SIGN_IN_PORT

LANES = (f"127.0.0.1:{port}" for port in AWS_PORTS)
HOSTS = frozenset({*LANES, "sts.amazonaws.com", f"sts.{REGION}.amazonaws.com"})
SECRETS = {aws_environment()["AWS_ACCESS_KEY_ID"]: aws_environment()["AWS_SECRET_ACCESS_KEY"]}
BUILD_ROLE = "-codebuild-role"
"""In the names of the roles of runs."""
BUILD_GROUP = "erp-build"
KEPT = 1000
"""How many answers the log for tests keeps."""


class SignIn:
    """The authenticator of one cluster."""

    def __init__(self, cluster: str, session: ClientSession) -> None:
        self._cluster = cluster
        self._session = session
        self._expired_until: dict[str, datetime] = {}
        self._log: list[dict[str, str]] = []
        self._without_entry: set[str] = set()

    async def authenticate(self, request: web.Request) -> web.Response:
        """Answer a TokenReview."""
        review = await request.json()
        try:
            caller = await self._caller(review["spec"]["token"])
            groups = await self._groups(caller)
        except RefusedError as reason:
            self._note("refused", str(reason))
            return web.json_response(_review({"authenticated": False, "error": str(reason)}))
        self._note("signed in", caller)
        user = {"username": caller, "uid": caller, "groups": groups}
        return web.json_response(_review({"authenticated": True, "user": user}))

    async def expire(self, request: web.Request) -> web.Response:
        """Refuse every token signed until now; answers in the next second, so that a token made then is newer."""
        now = datetime.now(UTC).replace(microsecond=0)
        hosts = {request.query["host"]} if "host" in request.query else HOSTS
        self._expired_until.update(dict.fromkeys(hosts, now))
        await asyncio.sleep(1 - datetime.now(UTC).microsecond / 1_000_000)
        self._note("expired", f"tokens until {now:%H:%M:%S}")
        return web.json_response({})

    async def set_entry(self, request: web.Request) -> web.Response:
        """Give a role its access entry, or take it away."""
        change = self._without_entry.discard if request.match_info["state"] == "on" else self._without_entry.add
        change(request.query["role"])
        return web.json_response({})

    async def log(self, _: web.Request) -> web.Response:
        """The answers given, oldest first."""
        return web.json_response(self._log)

    async def _caller(self, token: str) -> str:
        call = read_token(token, hosts=HOSTS, now=datetime.now(UTC))
        if call.host in self._expired_until and call.signed_at <= self._expired_until[call.host]:
            raise RefusedError("the token was declared expired")
        if call.access_key in SECRETS:
            check_signature(call, SECRETS[call.access_key], self._cluster)
        caller = await self._ask_sts(call)
        if caller.split(":")[4] != ACCOUNT:
            raise RefusedError(f"{caller} has no access entry on {self._cluster}")
        return caller

    async def _groups(self, caller: str) -> list[str]:
        """Of the access entries, or else of `aws-auth`: root may do everything, a build role is of its own group."""
        if caller.endswith(":root"):
            return ["system:masters"]
        role = caller.split("/")[1] if ":assumed-role/" in caller else ""
        if BUILD_ROLE in role and role not in self._without_entry:
            return [BUILD_GROUP]
        if groups := await asyncio.to_thread(aws_auth.groups_of, role):
            return groups
        raise RefusedError(f"{caller} has no access entry, and {aws_auth.NAME} does not map it")

    async def _ask_sts(self, call: SignedCall) -> str:
        """Who signed, as STS says; asked at the sandbox's own address and never at the one in the token."""
        headers = {CLUSTER_HEADER: self._cluster, "Host": call.host}
        try:
            async with self._session.get(f"{AWS_ENDPOINT}/?{call.query}", headers=headers) as answer:
                text = await answer.text()
        except (ClientError, TimeoutError) as error:
            raise RefusedError(f"STS at {AWS_ENDPOINT} does not answer: {error}") from error
        arn = re.search(r"<Arn>(arn:aws:[^<]+)</Arn>", text)
        if answer.status != web.HTTPOk.status_code or arn is None:
            raise RefusedError(f"STS answers {answer.status}: {text[:300]}")
        return arn[1]

    def _note(self, what: str, detail: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(at, what, detail, file=sys.stderr, flush=True)
        self._log = [*self._log[1 - KEPT :], {"at": at, "what": what, "detail": detail}]


def _review(status: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"cluster": CLUSTER})


async def _application() -> web.Application:
    session = ClientSession(timeout=ClientTimeout(total=10))
    sign_in = SignIn(CLUSTER, session)
    application = web.Application()

    async def close(_: web.Application) -> None:
        await session.close()

    application.on_cleanup.append(close)
    application.router.add_post("/authenticate", sign_in.authenticate)
    application.router.add_post("/_expire", sign_in.expire)
    application.router.add_post("/_entry/{state:on|off}", sign_in.set_entry)
    application.router.add_get("/_log", sign_in.log)
    application.router.add_get("/_health", _health)
    return application


if __name__ == "__main__":
    web.run_app(_application(), host="127.0.0.1", port=SIGN_IN_PORT, print=None, access_log=None)
