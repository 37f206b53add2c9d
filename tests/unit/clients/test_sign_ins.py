"""Who signs in to the registry of a base image, and that no value is seen by anybody."""

import base64
import json
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker.sign_ins import SignIns, sign_in_of
from erp_build.clients.docker.user_logins import UserLogins
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed, ConfigurationError
from tests.fakes.account import FakeParameters

OWN = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
OTHER_ACCOUNT = "210987654321.dkr.ecr.ap-northeast-2.amazonaws.com"
OTHER_REGION = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
PASSWORD = "invented: pass word/+"
FORMS = (PASSWORD, base64.b64encode(f"kim:{PASSWORD}".encode()).decode(), json.dumps(PASSWORD)[1:-1])


class Aws:
    """What signs in to the registries of a region; it gives another password each time it is asked."""

    def __init__(self, region: str) -> None:
        self.region, self.asked, self.forgotten = region, 0, 0

    def sign_in(self) -> SignIn:
        self.asked += 1
        expires = datetime.now(UTC) + timedelta(hours=12)
        return SignIn("https://somewhere", "AWS", f"invented-{self.region}-{self.asked}", expires)

    def forget(self) -> None:
        self.forgotten += 1


class Account:
    """Regions, the public registry and Parameter Store."""

    def __init__(self, named: dict[str, str] | None = None, user: UserLogins | None = None) -> None:
        self.regions: dict[str, Aws] = {}
        self.public = Aws("public")
        self.parameters = FakeParameters()
        self.secrets = Secrets()
        self.sign_ins = SignIns(
            named=named or {},
            parameters=self.parameters,
            secrets=self.secrets,
            ecr=lambda region: self.regions.setdefault(region, Aws(region)),
            public=self.public,
            user=user,
        )


def test_every_registry_of_ecr_is_signed_in_to_in_its_own_region() -> None:
    account = Account()
    found = account.sign_ins.of_images([f"{OWN}/a:1", f"{OTHER_ACCOUNT}/b:1", f"{OTHER_REGION}/c", "eclipse-temurin"])
    assert set(found) == {OWN, OTHER_ACCOUNT, OTHER_REGION}
    assert set(account.regions) == {"ap-northeast-2", "us-east-1"}
    assert found[OTHER_REGION].password.startswith("invented-us-east-1")
    assert [one.host for one in found.values()] == list(found)


def test_a_name_that_only_looks_like_ecr_gets_no_password() -> None:
    account = Account()
    assert account.sign_ins.of_images([f"{OWN}.evil.example/a", f"evil.example/{OWN}/a", "$BASE"]) == {}
    assert account.regions == {}


def test_the_public_registry_of_aws_is_asked_without_a_sign_in_unless_the_project_wants_one() -> None:
    assert Account().sign_ins.of("public.ecr.aws") is None
    account = Account({"public.ecr.aws": "aws"})
    signed = account.sign_ins.of("public.ecr.aws")
    assert signed
    assert signed.username == "AWS"
    assert account.sign_ins.of("public.ecr.aws") == signed
    assert account.public.asked == 1


@pytest.mark.parametrize(
    "value",
    [
        f"kim:{PASSWORD}",
        f"kim:{PASSWORD}\n",
        json.dumps({"username": "kim", "password": PASSWORD}),
        # The secret of a pull-through cache, which Parameter Store can name.
        json.dumps({"username": "kim", "accessToken": PASSWORD}),
    ],
)
def test_a_secure_string_is_user_and_password(value: str) -> None:
    account = Account({"docker.io": "/erp/dev/docker-hub"})
    account.parameters.secrets["/erp/dev/docker-hub"] = value
    assert account.sign_ins.of("docker.io") == SignIn("https://docker.io", "kim", PASSWORD)
    assert account.secrets.mask(" ".join(FORMS)).count("***") == len(FORMS)


def test_a_sign_in_that_a_registry_does_not_take_is_asked_for_anew() -> None:
    account = Account({"docker.io": "/a", "public.ecr.aws": "aws"})
    account.parameters.secrets["/a"] = "kim:invented-old"
    hosts = ("docker.io", "public.ecr.aws", OTHER_REGION)
    before = [account.sign_ins.of(host) for host in hosts]
    account.parameters.secrets["/a"] = "kim:invented-new"
    for host in hosts:
        account.sign_ins.forget(host)
    after = [account.sign_ins.of(host) for host in hosts]
    assert all(old and new and old.password != new.password for old, new in zip(before, after, strict=True))
    assert account.regions["us-east-1"].forgotten == 1
    assert account.regions.keys() == {"us-east-1"}


def test_a_secure_string_is_read_once_and_only_when_its_registry_is_used() -> None:
    account = Account({"docker.io": "/a", "ghcr.io": "/missing"})
    account.parameters.secrets["/a"] = f"kim:{PASSWORD}"
    assert account.sign_ins.of("docker.io")
    del account.parameters.secrets["/a"]
    assert account.sign_ins.of("docker.io")
    with pytest.raises(ConfigurationError, match="secrets cannot be read"):
        account.sign_ins.of("ghcr.io")


@pytest.mark.parametrize(
    "value",
    [
        PASSWORD.replace(":", ""),
        f":{PASSWORD}",
        "kim:",
        "{",
        '{"username": "kim"}',
        f"kim:{PASSWORD}\nmore",
        "{" * 9999,
    ],
)
def test_a_value_of_another_form_is_told_without_being_shown(value: str) -> None:
    with pytest.raises(BuildFailed, match=r"the sign-in for ghcr\.io cannot be read") as caught:
        sign_in_of("ghcr.io", "/erp/dev/ghcr", value, Secrets())
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.why + caught.value.next_step
    assert PASSWORD.replace(":", "") not in shown
    assert PASSWORD not in shown
    assert caught.value.where == "/erp/dev/ghcr"


def test_a_sign_in_never_shows_its_password() -> None:
    one = SignIn("https://ghcr.io", "kim", PASSWORD, identity_token="invented-token")
    assert PASSWORD not in f"{one} {one!r} {[one]} {vars(SignIn)}"
    assert "invented-token" not in repr(one)


def login(folder: Path, config: dict[str, object]) -> UserLogins:
    (folder / "config.json").write_text(json.dumps(config))
    return UserLogins(folder, Secrets())


def test_what_docker_login_kept_counts_where_the_project_says_so(tmp_path: Path) -> None:
    entry = {"auth": base64.b64encode(f"kim:{PASSWORD}".encode()).decode()}
    hub = {"identitytoken": "invented-token"}
    user = login(tmp_path, {"auths": {"ghcr.io": entry, "https://index.docker.io/v1/": hub, "quay.io": {}}})
    account = Account({"registry.example.com": "/a"}, user)
    account.parameters.secrets["/a"] = "kim:invented-other"
    hosts = ("ghcr.io", "docker.io", "quay.io", "other.io", "registry.example.com")
    found = {host: account.sign_ins.of(host) for host in hosts}
    assert found["ghcr.io"] == SignIn("https://ghcr.io", "kim", PASSWORD)
    assert found["docker.io"] == SignIn("https://docker.io", "", "", identity_token="invented-token")
    assert found["quay.io"] is found["other.io"] is None
    assert found["registry.example.com"] == SignIn("https://registry.example.com", "kim", "invented-other")


def test_a_helper_of_the_user_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker-credential-mine"
    answer = json.dumps({"ServerURL": "ghcr.io", "Username": "kim", "Secret": "invented-secret"})
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = login(tmp_path, {"credsStore": "mine"}).of("ghcr.io")
    assert found == SignIn("https://ghcr.io", "kim", "invented-secret")


@pytest.mark.parametrize(
    "config",
    [{"credsStore": "nowhere"}, {"credHelpers": {"ghcr.io": "nowhere"}}, {"auths": {"ghcr.io": {"auth": "!"}}}],
)
def test_a_helper_or_an_entry_that_does_not_work_is_no_bug_of_ours(tmp_path: Path, config: dict[str, object]) -> None:
    with pytest.raises(BuildFailed, match="docker login cannot be read") as caught:
        login(tmp_path, config).of("ghcr.io")
    assert caught.value.where == str(tmp_path / "config.json")
    assert "[build.sign_in]" in caught.value.next_step


def test_no_configuration_is_no_sign_in(tmp_path: Path) -> None:
    assert UserLogins(tmp_path, Secrets()).of("ghcr.io") is None
