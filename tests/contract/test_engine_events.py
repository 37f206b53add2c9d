"""What the engine's event streams mean; each case is a file in tests/recorded/docker with tool and version."""

import gc
import json
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.docker.engine import Engine
from erp_build.clients.docker.events import read_build, read_push
from erp_build.errors import BuildFailed, PushFailed

RECORDED = Path(__file__).parents[1] / "recorded" / "docker"


def recorded(kind: str) -> list[Any]:
    files = sorted(RECORDED.glob(f"{kind}-*.json"))
    assert files
    assert all({"tool", "version", "about"} <= set(json.loads(file.read_text(encoding="utf-8"))) for file in files)
    return [pytest.param(json.loads(file.read_text(encoding="utf-8")), id=file.stem) for file in files]


@pytest.mark.parametrize("case", recorded("push"))
def test_a_push_is_its_digest_or_an_error(case: dict[str, Any]) -> None:
    if "digest" in case:
        assert read_push(case["events"], where="repo:tag").digest == case["digest"]
        return
    with pytest.raises(PushFailed) as caught:
        read_push(case["events"], where="repo:tag")
    assert case["error"] in f"{caught.value.what} {caught.value.why}"
    assert "\x1b" not in caught.value.why
    assert case["next"] in caught.value.next_step


@pytest.mark.parametrize("case", recorded("build"))
def test_a_build_ends_with_an_image_or_an_error(case: dict[str, Any]) -> None:
    lines: list[str] = []
    if "error" not in case:
        read_build(case["events"], where="Dockerfile", on_line=lines.append)
        assert lines
        return
    with pytest.raises(BuildFailed) as caught:
        read_build(case["events"], where="Dockerfile", on_line=lines.append)
    assert case["error"] in f"{caught.value.what} {caught.value.why}"
    assert "\x1b" not in caught.value.why


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK drops a socket that failed
def test_an_engine_that_is_not_there_names_the_privileged_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(BuildFailed, match="no Docker engine answers") as caught:
        Engine().require_answer()
    assert "privileged" in caught.value.next_step
    del caught
    gc.collect()
