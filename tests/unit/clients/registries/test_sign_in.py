"""How registries are signed in to: not at all, with name and password, with a token; and anew where that has ended."""

from pathlib import Path

import pytest

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.registries import upload
from erp_build.clients.registries.connection import Connection
from erp_build.clients.registries.registry import Registry
from erp_build.errors import BuildFailed, PushFailed
from tests.fakes.oci_registry import PASSWORD, USER, FakeRegistry, Fault, Reply
from tests.support.images import BASE, LARGE, WHOLE, made_image, patient_at, push_to, registry_at, store_base, user
from tests.support.registry_server import served

NEW = "invented-new-password-77aa"


def nobody() -> None:
    return None


class Account:
    """A sign-in that can be renewed; `renewals` counts."""

    def __init__(self, old: str = "invented-old-password-00ff", new: str = NEW) -> None:
        self._password, self._new = old, new
        self.renewals = 0

    def sign_in(self) -> SignIn:
        return SignIn("http://fake", USER, self._password)

    def renew(self) -> None:
        self.renewals += 1
        self._password = self._new


@pytest.mark.parametrize("way", ["none", "basic", "token"])
def test_an_image_is_pushed_by_each_way_to_sign_in(fake: FakeRegistry, tmp_path: Path, way: str) -> None:
    fake.sign_in = way  # type: ignore[assignment]
    image = made_image(tmp_path)
    assert push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", image).digest == image.manifest.digest
    if way == "token":
        # One token, although blobs go at once: it is for all that a push does.
        assert sum(one == "GET /token" for one in fake.asked) <= 2


def test_everybody_gets_a_token_to_read_what_is_public(fake: FakeRegistry) -> None:
    fake.sign_in, fake.is_public = "token", True
    base = store_base(fake)
    found = registry_at(fake, sign_in=nobody).manifest(BASE, "1")
    assert found == base.manifest
    # A push by nobody is refused, and says so.
    with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
        registry_at(fake, sign_in=nobody).push_manifest(BASE, "2", base.manifest)
    assert "401 Unauthorized" in caught.value.why


@pytest.mark.parametrize("way", ["basic", "token", "ecr"])
def test_a_sign_in_that_has_ended_is_renewed_once(fake: FakeRegistry, tmp_path: Path, way: str) -> None:
    fake.sign_in, fake.passwords = way, {NEW}  # type: ignore[assignment]
    if way == "ecr":
        # It asks first, and says of an old password what ECR says.
        fake.fault = lambda number, _: Fault("answer", _challenge()) if number == 0 else None
    account, image = Account(), made_image(tmp_path)
    registry = registry_at(fake, sign_in=account.sign_in, renew=account.renew)
    assert push_to(registry, tmp_path).push_image("erp/a", "1", image).digest == image.manifest.digest
    assert account.renewals == 1


def test_a_renewed_sign_in_may_look_as_before(fake: FakeRegistry) -> None:
    store_base(fake)
    fake.sign_in, fake.passwords = "ecr", set()
    registry = registry_at(fake, renew=lambda: fake.passwords.add(PASSWORD))
    fake.fault = lambda number, _: Fault("answer", _challenge()) if number == 0 else None
    assert registry.manifest(BASE, "1")
    assert len(fake.calls) == 3


@pytest.mark.parametrize("way", ["basic", "token"])
def test_a_sign_in_that_nobody_takes_is_one_error_without_the_password(fake: FakeRegistry, way: str) -> None:
    fake.sign_in, fake.passwords = way, {"another"}  # type: ignore[assignment]
    account = Account()
    registry = registry_at(fake, sign_in=account.sign_in, renew=account.renew)
    with pytest.raises(PushFailed, match="the registry") as caught:
        registry.manifest("erp/a", "1")
    assert "401 Unauthorized" in caught.value.why
    assert not caught.value.passes
    assert NEW not in repr(vars(caught.value))
    assert account.renewals <= 2


def test_a_token_is_asked_for_anew_before_its_end(fake: FakeRegistry) -> None:
    fake.sign_in = "token"
    store_base(fake)
    clock = SimulatedClock()
    registry = Registry(Connection(fake.address.partition("://")[2], user, None, clock, scheme="http"))
    for _ in range(3):
        assert registry.manifest(BASE, "1")
    assert fake.asked.count("GET /token") == 1
    clock.sleep(300)
    assert registry.manifest(BASE, "1")
    assert fake.asked.count("GET /token") == 2
    # It was not refused before: a refusal in the midst of an upload is a broken connection.
    assert sum(call.path != "/token" for call in fake.calls) == 5


def test_a_token_that_ends_early_is_asked_for_anew_while_a_layer_is_sent(
    fake: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "WHOLE_BYTES", WHOLE)
    fake.sign_in = "token"
    image = made_image(tmp_path)

    def fault(_: int, call: object) -> None:
        if getattr(call, "method", "") == "PATCH" and len(fake.tokens) < 3:
            fake.tokens = dict.fromkeys(fake.tokens, frozenset())

    fake.fault = fault
    found = push_to(patient_at(fake), tmp_path).push_image("erp/a", "1", image)
    assert found.digest == image.manifest.digest
    assert fake.received < 3 * LARGE


def test_an_identity_token_is_exchanged(fake: FakeRegistry) -> None:
    fake.sign_in = "token"
    store_base(fake)
    given = SignIn("http://fake", "", "", identity_token=PASSWORD)
    assert registry_at(fake, sign_in=lambda: given).manifest(BASE, "1")
    assert "POST /token" in fake.asked


def test_what_signs_in_is_not_shown_to_the_server_of_a_redirect(fake: FakeRegistry) -> None:
    fake.sign_in = "basic"
    base = store_base(fake)
    with served() as elsewhere:
        elsewhere.store(BASE, fake.repository(BASE).blobs[base.layers[0].digest])
        fake.blobs_at = elsewhere.address
        with registry_at(fake).blob(BASE, base.layers[0]) as blob:
            assert blob.read()
        assert ["authorization" in call.headers for call in elsewhere.calls] == [False]


def test_a_netrc_of_the_user_signs_nobody_in(
    fake: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password invented-netrc-5d1e\n", encoding="ascii")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    store_base(fake)
    assert registry_at(fake, sign_in=nobody).manifest(BASE, "1")
    assert not any("authorization" in call.headers for call in fake.calls)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Reply(200, {}, b"<html>sign in</html>"), id="a page"),
        pytest.param(Reply(200, {}, b'{"token": 7}'), id="no text"),
        pytest.param(Reply(200, {}, b'{"token": "a\\nb"}'), id="a line of its own"),
        pytest.param(Reply(200, {}, b"[]"), id="a list"),
    ],
)
def test_a_server_that_gives_no_token_is_named(fake: FakeRegistry, answer: Reply) -> None:
    fake.sign_in = "token"
    fake.fault = lambda _, call: Fault("answer", answer) if call.path == "/token" else None
    with pytest.raises(BuildFailed, match="the answer of the registry cannot be read"):
        registry_at(fake, failure=BuildFailed).manifest(BASE, "1")


def test_a_server_of_tokens_that_cannot_answer_now_passes(fake: FakeRegistry) -> None:
    fake.sign_in = "token"
    fake.fault = lambda _, call: Fault("answer", Reply(503)) if call.path == "/token" else None
    with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
        registry_at(fake).manifest(BASE, "1")
    assert caught.value.passes


def _challenge() -> Reply:
    return Reply(401, {"WWW-Authenticate": 'Basic realm="https://fake/",service="ecr.amazonaws.com"'})
