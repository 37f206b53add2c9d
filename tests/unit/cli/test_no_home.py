"""A user without a home, as in a container with a user of its own: nothing is kept, and no folder `~` appears."""

import pwd
from pathlib import Path

import pytest

from erp_build.clients.docker.private_config import read_config, users_folder
from erp_build.clients.files.kept import kept_file
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.small_reactor import files


def nobody(uid: int) -> None:
    """What the system says of a user that it does not know."""
    raise KeyError(uid)


@pytest.fixture(params=["no home", "a relative home", "a relative cache"])
def homeless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    if request.param == "a relative home":
        monkeypatch.setenv("HOME", "home")
    if request.param == "a relative cache":
        monkeypatch.setenv("XDG_CACHE_HOME", "cache")


@pytest.mark.usefixtures("homeless")
def test_no_folder_appears_in_the_repository(
    tmp_path: Path, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    reactor = Checkout.create(tmp_path / "r", **files())
    reactor.commit({"libs/base/x": "x"})
    before = sorted(reactor.root.iterdir())
    monkeypatch.chdir(reactor.root)
    answers = [erp_build("plan", "--base", "HEAD~1") for _ in range(2)]
    assert [answer.code for answer in answers] == [0, 0]
    assert "order-service" in answers[1].out
    assert sorted(reactor.root.iterdir()) == before


@pytest.mark.usefixtures("homeless")
def test_a_folder_of_the_repository_is_nobodys_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("~/.docker", "home/.docker"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.json").write_text('{"credsStore": "evil"}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_config(users_folder()) == {}
    assert Path(kept_file("project", "x")).is_absolute()
