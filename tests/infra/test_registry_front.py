"""The registries of the sandbox: who is let in where, and which images are found under which name."""

import asyncio
import base64
import json
from collections.abc import Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from sandbox.aws.ecr import hosts, server
from sandbox.aws.ecr.sign_in import basic, ecr_password, for_region
from sandbox.aws.fault_proxy.server import operation_of
from sandbox.aws.iam.required_actions import ANY, CODEARTIFACT_TOKEN, PUBLIC_TOKEN, Need, needs, registry_need
from sandbox.endpoints import COMPANY_HOST, HUB_HOST, OTHER_REGION, OTHER_REGISTRY_HOST, REGION, REGISTRY_HOST

TOKEN = base64.b64encode(b"AWS:stand-in").decode()
OWN, OTHER = f"Basic {TOKEN}", f"Basic {for_region(TOKEN, OTHER_REGION)}"
USER, WRONG = basic(hosts.USER, hosts.PASSWORD), basic(hosts.USER, "wrong")
MANIFEST = "/v2/{}/manifests/1"


async def stand_in(request: web.Request) -> web.Response:
    """What lies behind the front: it has every repository, and answers with the path that it was asked for."""
    target = request.headers.get("X-Amz-Target", "")
    if target.endswith("GetAuthorizationToken"):
        return web.json_response({"authorizationData": [{"authorizationToken": TOKEN}]})
    return web.json_response({"repositories": [{}]} if target else {"path": request.path})


async def ask(method: str, path: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], str]:
    """Status, headers and body of an answer of the front."""
    behind = web.Application()
    behind.router.add_route("*", "/{path:.*}", stand_in)
    async with TestServer(behind) as upstream:
        front = server.application(str(upstream.make_url("")).rstrip("/"))
        async with TestClient(TestServer(front)) as client, client.request(method, path, headers=headers) as answer:
            return answer.status, answer.headers, await answer.text()


def asked(host: str, path: str, sign_in: str = "", method: str = "GET") -> tuple[int, Mapping[str, str], str]:
    headers = {"Host": host, **({"Authorization": sign_in} if sign_in else {})}
    return asyncio.run(ask(method, path, headers))


@pytest.mark.parametrize(
    ("host", "name", "sign_in", "stored"),
    [
        pytest.param(REGISTRY_HOST, "erp/a", OWN, "erp/a", id="the account's own"),
        pytest.param(REGISTRY_HOST, "docker-hub/library/a", OWN, "of-hub/library/a", id="a pull-through cache"),
        pytest.param(OTHER_REGISTRY_HOST, "bases/a", OTHER, "of-other-account/bases/a", id="another account"),
        pytest.param(COMPANY_HOST, "bases/a", USER, "of-company/bases/a", id="a company's"),
    ],
)
def test_an_image_is_found_by_whoever_signs_in_to_its_registry(host: str, name: str, sign_in: str, stored: str) -> None:
    status, _, body = asked(host, MANIFEST.format(name), sign_in)
    assert (status, json.loads(body)["path"]) == (200, MANIFEST.format(stored))


@pytest.mark.parametrize(
    ("host", "sign_in"),
    [
        pytest.param(host, sign_in, id=f"{host} {name}")
        for host, others in {
            REGISTRY_HOST: {"nothing": "", "another region": OTHER, "a company's": USER},
            OTHER_REGISTRY_HOST: {"nothing": "", "another region": OWN, "a company's": USER},
            COMPANY_HOST: {"nothing": "", "ECR's": OWN, "a wrong password": WRONG},
            HUB_HOST: {"nothing": "", "a password": USER, "an invented token": "Bearer 0"},
        }.items()
        for name, sign_in in others.items()
    ],
)
def test_everybody_else_is_asked_to_sign_in(host: str, sign_in: str) -> None:
    for path in ("/v2/", MANIFEST.format("bases/a")):
        status, headers, _ = asked(host, path, sign_in)
        assert status == 401
        assert "realm=" in headers["Www-Authenticate"]


def test_the_hub_gives_a_token_for_name_and_password() -> None:
    async def play() -> None:
        behind = web.Application()
        behind.router.add_route("*", "/{path:.*}", stand_in)
        async with TestServer(behind) as upstream:
            front = server.application(str(upstream.make_url("")).rstrip("/"))
            async with TestClient(TestServer(front)) as client:
                hub = {"Host": HUB_HOST}
                for sign_in in ({}, {"Authorization": WRONG}):
                    assert (await client.get("/token", headers={**hub, **sign_in})).status == 401
                form = {"grant_type": "password", "username": hosts.USER, "password": hosts.PASSWORD}
                for answer in (
                    await client.get("/token", headers={**hub, "Authorization": USER}),
                    await client.post("/token", headers=hub, data=form),
                ):
                    token = (await answer.json())["token"]
                    path = MANIFEST.format("library/a")
                    found = await client.get(path, headers={**hub, "Authorization": f"Bearer {token}"})
                    assert (await found.json())["path"] == MANIFEST.format("of-hub/library/a")

    asyncio.run(play())


@pytest.mark.parametrize(("host", "sign_in"), [(OTHER_REGISTRY_HOST, OTHER), (COMPANY_HOST, USER)])
def test_nobody_pushes_to_a_registry_of_others(host: str, sign_in: str) -> None:
    assert asked(host, MANIFEST.format("bases/a"), sign_in, "PUT")[0] == 405


def test_a_password_of_ecr_is_good_in_the_region_in_which_it_was_given() -> None:
    assert ecr_password(OWN, REGION) == ecr_password(OTHER, OTHER_REGION) == "stand-in"
    assert ecr_password(OWN, OTHER_REGION) == ecr_password(OTHER, REGION) == ""
    assert ecr_password("Basic ???", REGION) == ecr_password(USER, REGION) == ""


def test_a_pull_from_another_account_needs_its_action_there() -> None:
    other = f"{OTHER_REGION}:210987654321"
    wanted = Need("ecr:BatchGetImage", f"arn:aws:ecr:{other}:repository/bases/a")
    assert registry_need("GET", "manifests", "bases/a", other) == wanted


def test_tokens_of_other_services_are_told_apart_and_need_their_own_actions() -> None:
    scope = "Credential=KEY/20260101/us-east-1/codeartifact/aws4_request"
    path = "/v1/authorization-token?domain=erp&domain-owner=210987654321"
    request = make_mocked_request("POST", path, headers={"Authorization": scope})
    assert operation_of(request, b"") == CODEARTIFACT_TOKEN
    domain = "arn:aws:codeartifact:us-east-1:210987654321:domain/erp"
    bearer = Need("sts:GetServiceBearerToken", ANY)
    found = needs(request, CODEARTIFACT_TOKEN, b"", enhanced=False)
    assert found == (Need("codeartifact:GetAuthorizationToken", domain), bearer)

    target = {"X-Amz-Target": "SpencerFrontendService.GetAuthorizationToken"}
    request = make_mocked_request("POST", "/", headers=target)
    assert operation_of(request, b"") == PUBLIC_TOKEN
    found = needs(request, PUBLIC_TOKEN, b"", enhanced=False)
    assert found == (Need("ecr-public:GetAuthorizationToken", ANY), bearer)
