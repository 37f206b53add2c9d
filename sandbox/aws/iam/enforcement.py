"""IAM, enforced: who calls, what the call needs, and whether the policies of the caller's role allow it.

The tests' own key is the account's root, which may do everything. Every other caller has a role, and the stand-in's
evaluator (SimulatePrincipalPolicy) is asked for each action and resource. Signatures are not checked: nobody but the
tests can reach the sandbox.
"""

import base64
import re
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import ClientSession, web

from sandbox.aws.iam.required_actions import Need
from sandbox.endpoints import ACCOUNT, REGION

CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")
ROLE = re.compile(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/")
FRESH = 1.0
"""Seconds for which a decision is not asked for again."""

XML = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called: the ARN that STS gives, and the role behind it (empty: the root of the account)."""

    arn: str
    role: str = ""


ROOT_CALLER = Caller(f"arn:aws:iam::{ACCOUNT}:root")


@dataclass
class Guard:
    """The enforcement for one lane; `decisions` holds what was decided for whom."""

    session: ClientSession
    upstream: str
    port: int
    decisions: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    _callers: dict[str, Caller] = field(default_factory=dict)
    _sign_ins: dict[str, Caller] = field(default_factory=dict)
    _decided: dict[tuple[str, Need], tuple[float, bool]] = field(default_factory=dict)

    async def caller(self, request: web.Request) -> Caller | None:
        """Who made a call; None for a key that nobody has."""
        found = CREDENTIAL.search(request.headers.get("Authorization", ""))
        key = found[1] if found else request.query.get("X-Amz-Credential", "").partition("/")[0]
        if key == ACCOUNT:
            return ROOT_CALLER
        if key and key not in self._callers and (arn := await self._ask_sts(key)):
            role = ROLE.match(arn)
            self._callers[key] = Caller(arn, f"arn:aws:iam::{role[1]}:role/{role[2]}" if role else arn)
        return self._callers.get(key)

    async def refused(self, caller: Caller, needs: tuple[Need, ...]) -> str:
        """Why the caller may not do all of this, in the words of AWS; empty: he may."""
        for need in needs:
            if not await self._may(caller, need):
                return (
                    f"User: {caller.arn} is not authorized to perform: {need.action} on resource: {need.resource} "
                    f"because no identity-based policy allows the {need.action} action"
                )
        return ""

    def sign_in(self, caller: Caller) -> str:
        """A sign-in of the registry that stands for the caller; its password leads back to this lane."""
        return base64.b64encode(f"AWS:{self.password(caller)}".encode()).decode()

    def password(self, caller: Caller) -> str:
        """A new password that stands for the caller."""
        password = f"{self.port}-{secrets.token_hex(24)}"
        self._sign_ins[password] = caller
        return password

    async def registry(self, request: web.Request) -> web.Response:
        """The registry's question: whether the bearer of a password may do something (no action: only sign in)."""
        asked = await request.json()
        caller = self._sign_ins.get(asked["password"])
        if caller is None:
            return web.json_response({"known": False, "refused": ""})
        needs = (Need(asked["action"], asked["resource"]),) if asked["action"] else ()
        return web.json_response({"known": True, "refused": await self.refused(caller, needs)})

    async def log(self, request: web.Request) -> web.Response:
        """What was decided for a role: action, resource, allowed."""
        role = request.query["role"]
        return web.json_response(
            [
                {"action": action, "resource": resource, "allowed": allowed}
                for (who, action, resource), allowed in self.decisions.items()
                if who == role
            ]
        )

    async def _may(self, caller: Caller, need: Need) -> bool:
        if not caller.role:
            return True
        at, allowed = self._decided.get((caller.role, need), (0.0, False))
        if time.monotonic() - at > FRESH:
            allowed = await self._simulate(caller.role, need)
            self._decided[caller.role, need] = (time.monotonic(), allowed)
        self.decisions[caller.role, need.action, need.resource] = allowed
        return allowed

    async def _simulate(self, role: str, need: Need) -> bool:
        text = await self._query(
            "iam",
            ACCOUNT,
            {
                "Action": "SimulatePrincipalPolicy",
                "Version": "2010-05-08",
                "PolicySourceArn": role,
                "ActionNames.member.1": need.action,
                "ResourceArns.member.1": need.resource,
            },
        )
        return "<EvalDecision>allowed</EvalDecision>" in text

    async def _ask_sts(self, key: str) -> str:
        text = await self._query("sts", key, {"Action": "GetCallerIdentity", "Version": "2011-06-15"})
        found = re.search(r"<Arn>(arn:aws:[^<]+)</Arn>", text)
        # A key that it does not know is root to the stand-in.
        return found[1] if found and not found[1].endswith(":root") else ""

    async def _query(self, service: str, key: str, fields: dict[str, str]) -> str:
        scope = f"{key}/20260101/{REGION}/{service}/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
        async with self.session.post(self.upstream, data=fields, headers=headers) as answer:
            return await answer.text()


def denial(request: web.Request, body: bytes, message: str, *, known: bool = True) -> web.Response:
    """The refusal in the protocol of the call."""
    is_query = "x-www-form-urlencoded" in request.headers.get("Content-Type", "") or "Action" in request.query
    code = "AccessDenied" if is_query else "AccessDeniedException"
    if b"Action=Publish" in body:
        code = "AuthorizationError"  # SNS has a code of its own
    if not known:
        code = "UnrecognizedClientException"
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "x-amzn-ErrorType": code}
    if is_query:
        text = XML.format(code, escape(message))
        return web.Response(status=403, headers=headers, content_type="text/xml", text=text)
    document: dict[str, Any] = {"__type": code, "message": message, "Message": message}
    # REST services say 403, the JSON protocols 400.
    status = 400 if "X-Amz-Target" in request.headers else 403
    return web.json_response(document, status=status, headers=headers, content_type="application/x-amz-json-1.1")
