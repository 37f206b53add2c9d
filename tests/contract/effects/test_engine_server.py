"""An engine that speaks TLS, and a user's configuration that must not count."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from erp_build.clients.docker.engine import Engine
from erp_build.clients.docker.server import find_server
from erp_build.errors import BuildFailed
from tests.contract.effects.conftest import VERSION
from tests.support.certificates import make_certificate
from tests.support.loopback import Loopback, loopback


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """An engine with a certificate; `ca.pem` of this folder is its authority."""
    certificate = make_certificate(tmp_path / "engine.pem")
    (tmp_path / "ca.pem").write_bytes(certificate.read_bytes())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with loopback(certificate) as engine:
        engine.serve("/version", {"ApiVersion": VERSION, "Version": "28.5.2"})
        yield engine


def engine_at(served: Loopback, folder: Path, **variables: str) -> Engine:
    address = served.address.replace("https:", "tcp:")
    return Engine(lambda: find_server({"DOCKER_HOST": address, **variables}, folder))


def test_an_engine_is_trusted_by_the_authority_that_the_variables_name(served: Loopback, tmp_path: Path) -> None:
    engine = engine_at(served, tmp_path / "home", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path))
    assert engine.version() == "28.5.2"


def test_a_bundle_for_the_whole_machine_is_not_for_the_engine(
    served: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(make_certificate(tmp_path / "company.pem")))
    engine = engine_at(served, tmp_path / "home", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path))
    assert engine.version() == "28.5.2"


def test_an_engine_with_another_certificate_is_not_asked(served: Loopback, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    make_certificate(other / "ca.pem")
    with pytest.raises(BuildFailed, match="no Docker engine answers") as caught:
        engine_at(served, tmp_path, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(other)).version()
    assert "certificate" in caught.value.why.lower()
    assert served.asked == []


def test_the_users_folder_has_the_certificates_where_no_variable_names_them(served: Loopback, tmp_path: Path) -> None:
    assert engine_at(served, tmp_path, DOCKER_TLS_VERIFY="yes").version() == "28.5.2"


def test_a_helper_that_is_not_there_ends_no_call(docker: Loopback, tmp_path: Path) -> None:
    """The SDK would look it up for every pull, push and build."""
    (tmp_path / "config.json").write_text('{"credsStore": "nowhere"}')
    docker.serve(f"/v{VERSION}/images/eclipse-temurin:17-jre/json", {"message": "No such image: it"}, 404)
    digest = "sha256:" + "1" * 64
    docker.serve(f"/v{VERSION}/distribution/eclipse-temurin:17-jre/json", {"Descriptor": {"digest": digest}})
    assert Engine().registry_digest("eclipse-temurin:17-jre") == digest
