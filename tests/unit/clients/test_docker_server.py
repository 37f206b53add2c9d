"""Which engine is asked: the variables and contexts of the docker program, as it reads them."""

import hashlib
import json
from pathlib import Path

import pytest
from docker.tls import TLSConfig

from erp_build.clients.docker.server import DockerServer, find_server
from erp_build.errors import ConfigurationError

REMOTE = "tcp://10.0.0.1:2376"


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, DockerServer()),
        ({"DOCKER_HOST": ""}, DockerServer()),
        ({"DOCKER_HOST": REMOTE}, DockerServer(REMOTE, certificates="HOME")),
        # Any text switches it on, as in the docker program; an empty one does not.
        (
            {"DOCKER_HOST": REMOTE, "DOCKER_TLS_VERIFY": "0"},
            DockerServer(REMOTE, is_tls=True, verifies=True, certificates="HOME"),
        ),
        ({"DOCKER_HOST": REMOTE, "DOCKER_TLS_VERIFY": ""}, DockerServer(REMOTE, certificates="HOME")),
        (
            {"DOCKER_HOST": REMOTE, "DOCKER_TLS": "1"},
            DockerServer(REMOTE, is_tls=True, verifies=False, certificates="HOME"),
        ),
        # Certificates alone do not switch it on.
        ({"DOCKER_HOST": REMOTE, "DOCKER_CERT_PATH": "/c"}, DockerServer(REMOTE, certificates="/c")),
        (
            {"DOCKER_HOST": REMOTE, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"},
            DockerServer(REMOTE, is_tls=True, verifies=True, certificates="/c"),
        ),
        ({"DOCKER_HOST": REMOTE, "DOCKER_CONTEXT": "other"}, DockerServer(REMOTE, certificates="HOME")),
        ({"DOCKER_CONTEXT": "default"}, DockerServer()),
    ],
)
def test_the_variables_say_which_engine_it_is(tmp_path: Path, variables: dict[str, str], found: DockerServer) -> None:
    expected = found._replace(certificates=found.certificates.replace("HOME", str(tmp_path)))
    assert find_server(variables, tmp_path) == expected


def context(folder: Path, name: str, host: str, *, tls: bool = False, skips: bool = False) -> str:
    """A context as `docker context create` keeps it; returns where its certificates lie."""
    place = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / place
    meta.mkdir(parents=True)
    engine = {"Host": host, "SkipTLSVerify": skips}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": engine}}))
    certificates = folder / "contexts" / "tls" / place / "docker"
    if tls:
        certificates.mkdir(parents=True)
    return str(certificates)


@pytest.mark.parametrize("tls", [False, True])
def test_a_context_that_is_named_is_followed(tmp_path: Path, *, tls: bool) -> None:
    certificates = context(tmp_path, "remote", REMOTE, tls=tls)
    found = find_server({"DOCKER_CONTEXT": "remote"}, tmp_path)
    assert found == DockerServer(REMOTE, tls, tls, certificates)
    assert found.variables().get("DOCKER_CERT_PATH") == (certificates if tls else None)
    assert found.variables()["DOCKER_HOST"] == REMOTE


def test_a_context_may_leave_the_certificate_unchecked(tmp_path: Path) -> None:
    context(tmp_path, "remote", REMOTE, tls=True, skips=True)
    found = find_server({"DOCKER_CONTEXT": "remote"}, tmp_path)
    assert (found.is_tls, found.verifies) == (True, False)
    assert "DOCKER_TLS" in found.variables()
    assert "DOCKER_TLS_VERIFY" not in found.variables()


def test_the_context_that_the_user_chose_counts_only_where_the_project_asks_for_it(tmp_path: Path) -> None:
    context(tmp_path, "colima", "unix:///home/u/.colima/docker.sock")
    (tmp_path / "config.json").write_text('{"currentContext": "colima"}')
    assert find_server({}, tmp_path) == DockerServer()
    assert find_server({}, tmp_path, follows_user=True).address == "unix:///home/u/.colima/docker.sock"


@pytest.mark.parametrize("meta", [None, "{", "[]", '{"Endpoints": {}}', '{"Endpoints": {"docker": 1}}'])
def test_a_context_that_cannot_be_read_is_an_error_with_its_name(tmp_path: Path, meta: str | None) -> None:
    if meta is not None:
        context(tmp_path, "remote", REMOTE)
        next((tmp_path / "contexts" / "meta").glob("*/meta.json")).write_text(meta)
    with pytest.raises(ConfigurationError, match="there is no Docker context remote") as caught:
        find_server({"DOCKER_CONTEXT": "remote"}, tmp_path)
    assert "docker context ls" in caught.value.next_step


def test_the_sdk_gets_the_same_certificates(tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("x")
    tls = DockerServer(REMOTE, is_tls=True, verifies=True, certificates=str(tmp_path)).tls()
    assert isinstance(tls, TLSConfig)
    assert (tls.verify, tls.ca_cert) == (True, str(tmp_path / "ca.pem"))
    assert tls.cert == (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    assert DockerServer(REMOTE).tls() is False


def test_an_authority_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="certificate cannot be checked") as caught:
        DockerServer(REMOTE, is_tls=True, verifies=True, certificates=str(tmp_path)).tls()
    assert caught.value.where == str(tmp_path / "ca.pem")
    assert "DOCKER_CERT_PATH" in caught.value.next_step
