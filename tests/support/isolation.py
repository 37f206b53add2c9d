"""What keeps a test apart from the machine that runs it; a group's conftest imports these fixtures."""

import os
from collections.abc import Iterator

import pytest

OURS = ("GIT_", "CODEBUILD_", "AWS_", "DOCKER_", "KUBECONFIG", "ERP_BUILD_")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that runs the tests says anything about a repository, a build or an account."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is read of projects is not kept in the cache of the user who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
