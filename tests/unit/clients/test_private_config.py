"""The configuration of Docker that a build sees: ours, private, and gone afterwards."""

import base64
import json
import os
import stat
from pathlib import Path

import pytest
from docker import auth

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker.private_config import isolated, private_config, read_config, users_folder

PASSWORD = "invented-password"
SIGN_INS = {
    "docker.io": SignIn("https://docker.io", "kim", PASSWORD),
    "ghcr.io": SignIn("https://ghcr.io", "", "", identity_token="invented-token"),
}


def test_it_holds_the_sign_ins_of_its_build_and_nothing_else(tmp_path: Path) -> None:
    with private_config(tmp_path, SIGN_INS) as folder:
        found = json.loads((folder / "config.json").read_text())
        assert found == {
            "auths": {
                "https://index.docker.io/v1/": {"auth": base64.b64encode(f"kim:{PASSWORD}".encode()).decode()},
                "ghcr.io": {"identitytoken": "invented-token"},
            }
        }
        # The SDK reads it as the docker program does.
        read = auth.load_config(config_path=str(folder / "config.json"))
        assert read.resolve_authconfig("docker.io")["password"] == PASSWORD


def test_nobody_else_can_read_it_and_nothing_is_left(tmp_path: Path) -> None:
    seen: list[Path] = []

    def build() -> None:
        with private_config(tmp_path, SIGN_INS) as folder:
            seen.append(folder)
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert stat.S_IMODE((folder / "config.json").stat().st_mode) == 0o600
            raise KeyError

    with pytest.raises(KeyError):
        build()
    assert not seen[0].exists()


def test_plugins_of_the_user_are_found(tmp_path: Path) -> None:
    (tmp_path / "cli-plugins").mkdir()
    (tmp_path / "config.json").write_text(
        json.dumps({"credsStore": "nowhere", "cliPluginsExtraDirs": ["/opt/plugins", 1], "auths": {"a.io": {}}})
    )
    with private_config(tmp_path) as folder:
        assert read_config(folder) == {"cliPluginsExtraDirs": [str(tmp_path / "cli-plugins"), "/opt/plugins"]}


def test_the_sdk_of_this_process_does_not_see_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty folder would not do: the SDK looks into the home where the folder has no file."""
    home = tmp_path / ".docker"
    home.mkdir()
    (home / "config.json").write_text('{"credsStore": "nowhere"}')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    assert users_folder() == home
    assert auth.load_config().creds_store == "nowhere"
    with isolated(users_folder()):
        assert auth.load_config().is_empty
        hidden = Path(os.environ["DOCKER_CONFIG"])
    assert "DOCKER_CONFIG" not in os.environ
    assert not hidden.exists()


def test_a_folder_that_was_named_before_is_named_again_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    def run() -> None:
        with isolated(users_folder()), isolated(users_folder()):
            assert os.environ["DOCKER_CONFIG"] != str(tmp_path)
            # Who looks for a context or a plugin of the user's still finds it.
            assert users_folder() == tmp_path
            raise KeyError

    with pytest.raises(KeyError):
        run()
    assert users_folder() == tmp_path


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "[" * 100_000, None])
def test_a_configuration_that_cannot_be_read_is_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    assert read_config(tmp_path) == {}
