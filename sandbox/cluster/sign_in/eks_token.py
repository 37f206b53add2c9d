"""An EKS token read and checked as EKS does it: `k8s-aws-v1.` and a presigned call of STS GetCallerIdentity.

After https://github.com/kubernetes-sigs/aws-iam-authenticator, `pkg/token/token.go`.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
MAX_AGE = timedelta(minutes=15)
CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead a signer's clock may be; STS allows as much."""

_PARAMETERS = {
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
}


class RefusedError(Exception):
    """The token does not sign anybody in; the text is the reason."""


@dataclass(frozen=True, slots=True)
class SignedCall:
    """The presigned call inside a token; `query` is the text as it was signed."""

    host: str
    query: str
    parameters: Mapping[str, str]
    signed_at: datetime

    @property
    def access_key(self) -> str:
        """The id of the key that signed."""
        return self.parameters["X-Amz-Credential"].split("/")[0]


def read_token(token: str, *, hosts: frozenset[str], now: datetime) -> SignedCall:
    """The call inside the token; raises `RefusedError` for everything but a fresh GetCallerIdentity of these hosts."""
    url = urlsplit(_decoded(token))
    if url.netloc not in hosts or url.path not in {"", "/"}:
        raise RefusedError(f"the token asks {url.netloc}{url.path}, which is not STS")
    pairs = parse_qsl(url.query, keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) != len(pairs) or not parameters.keys() <= _PARAMETERS:
        raise RefusedError(f"the call has repeated or unknown parameters: {', '.join(sorted(k for k, _ in pairs))}")
    missing = _PARAMETERS - {"X-Amz-Security-Token", "Version"} - parameters.keys()
    if missing:
        raise RefusedError(f"the call lacks {', '.join(sorted(missing))}")
    if parameters["Action"] != "GetCallerIdentity":
        raise RefusedError(f"the call is {parameters['Action']}, not GetCallerIdentity")
    if CLUSTER_HEADER not in parameters["X-Amz-SignedHeaders"].split(";"):
        raise RefusedError(f"the header {CLUSTER_HEADER} is not signed")
    return SignedCall(url.netloc, url.query, parameters, _signed_at(parameters, now))


def check_signature(call: SignedCall, secret: str, cluster: str) -> None:
    """Compute the signature again; it covers the cluster header, so a token for another cluster fails here."""
    scope = call.parameters["X-Amz-Credential"].split("/")[1:]
    key = f"AWS4{secret}".encode()
    for word in scope:
        key = _hmac(key, word)
    request = hashlib.sha256(_canonical_request(call, cluster).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", call.parameters["X-Amz-Date"], "/".join(scope), request])
    if not hmac.compare_digest(_hmac(key, text).hex(), call.parameters["X-Amz-Signature"]):
        raise RefusedError(f"the signature is wrong: another secret, another cluster than {cluster}, or altered")


def _decoded(token: str) -> str:
    if not token.startswith(PREFIX):
        raise RefusedError(f"the token does not begin with {PREFIX}")
    body = token.removeprefix(PREFIX)
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise RefusedError("the token is not base64url of an address") from error


def _signed_at(parameters: Mapping[str, str], now: datetime) -> datetime:
    try:
        signed_at = datetime.strptime(parameters["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        expires = timedelta(seconds=int(parameters["X-Amz-Expires"]))
    except ValueError as error:
        raise RefusedError(f"X-Amz-Date or X-Amz-Expires cannot be read: {error}") from error
    if not timedelta(0) <= expires <= MAX_AGE:
        raise RefusedError(f"X-Amz-Expires is {expires}, more than {MAX_AGE}")
    # As in EKS, the age counts and not X-Amz-Expires: `aws eks get-token` signs for 60 s, good for 15 min.
    if now - signed_at > MAX_AGE or signed_at - now > CLOCK_SKEW:
        raise RefusedError(f"signed at {signed_at:%H:%M:%S}, which is over {MAX_AGE} ago or in the future")
    return signed_at


def _canonical_request(call: SignedCall, cluster: str) -> str:
    headers = {"host": call.host, CLUSTER_HEADER: cluster}
    names = call.parameters["X-Amz-SignedHeaders"].split(";")
    pairs = sorted((_quoted(k), _quoted(v)) for k, v in call.parameters.items() if k != "X-Amz-Signature")
    return "\n".join(
        [
            "GET",
            "/",
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{headers.get(name, '')}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(b"").hexdigest(),
        ],
    )


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
