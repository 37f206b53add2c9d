"""Tags that are written back to Git: one commit on the branch, nothing in the checkout, and no second run."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.changes.detect import detect_changes
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import EditRequest
from erp_build.clients.git.remote.branch import RemoteBranch
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import PushFailed
from erp_build.model.change import Baseline
from tests.fakes.helm import values_text
from tests.support.git import Checkout
from tests.support.samples import CHART, ERP

VALUES = "helm-chart/values-dev.yaml"
TEXT = values_text({"approvalRequest": "h/a", "approvalProcessing": "h/b", "notification": "h/c"})


@pytest.fixture
def origin(tmp_path: Path) -> Checkout:
    made = Checkout.create(tmp_path / "origin", **{VALUES: TEXT, "README.md": "r\n"})
    made.git("config", "receive.denyCurrentBranch", "ignore")
    return made


@pytest.fixture
def clone(origin: Checkout, tmp_path: Path) -> Checkout:
    return origin.clone_to(tmp_path / "clone")


def edit(clone: Checkout, new: bytes = b"1234567") -> str | None:
    return edit_by(clone, lambda content: content.replace(b"latest", new))


def edit_by(clone: Checkout, change: Callable[[bytes], bytes]) -> str | None:
    request = EditRequest(branch="main", path=VALUES, change=change, message="Deploy 1234567 [skip ci]\n")
    return RemoteBranch(clone.root, SimulatedClock()).edit(request)


def test_the_branch_gets_one_commit_with_the_edit_alone(origin: Checkout, clone: Checkout) -> None:
    before = origin.head()
    commit = edit(clone)
    assert origin.git("rev-parse", "main") == commit
    assert origin.git("rev-parse", "main~1") == before
    assert origin.git("show", f"main:{VALUES}") == TEXT.replace("latest", "1234567").strip()
    assert origin.git("diff", "--name-only", "main~1", "main") == VALUES
    assert "[skip ci]" in origin.git("log", "-1", "--format=%s", "main")


def test_the_checkout_is_left_alone(clone: Checkout) -> None:
    head = clone.head()
    clone.write("README.md", "mine\n")
    edit(clone)
    assert clone.head() == head
    assert clone.git("status", "--porcelain") == "M README.md"


def test_a_file_that_is_right_already_is_no_commit(origin: Checkout, clone: Checkout) -> None:
    edit(clone)
    before = origin.git("rev-parse", "main")
    assert edit(clone) is None
    assert origin.git("rev-parse", "main") == before


def test_the_commit_goes_on_top_of_what_others_pushed(origin: Checkout, clone: Checkout) -> None:
    theirs = origin.commit({"README.md": "theirs\n"})
    edit(clone)
    assert origin.git("rev-parse", "main~1") == theirs
    assert origin.git("show", "main:README.md") == "theirs"


def test_somebody_who_pushes_in_between_makes_it_begin_anew(origin: Checkout, clone: Checkout) -> None:
    pushed: list[str] = []

    def change(content: bytes) -> bytes:
        if not pushed:
            pushed.append(origin.commit({"README.md": "in between\n"}))
        return content.replace(b"latest", b"1234567")

    edit_by(clone, change)
    assert origin.git("rev-parse", "main~1") == pushed[0]


def test_a_branch_that_does_not_take_it_is_named(origin: Checkout, clone: Checkout) -> None:
    hook = origin.root / ".git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho protected branch >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    with pytest.raises(PushFailed, match="cannot be written back") as caught:
        edit(clone)
    assert caught.value.where == "origin, branch main"


def test_a_commit_of_tags_alone_is_no_change_and_one_of_more_is(clone: Checkout) -> None:
    base = clone.head()
    tags = clone.commit({VALUES: TEXT.replace("latest", "1234567")})
    assert changed(clone, base, tags) == set()
    more = clone.commit({VALUES: TEXT.replace("latest", "1234567").replace("replicaCount: 2", "replicaCount: 3")})
    assert changed(clone, base, more) == {CHART}
    other = clone.commit({VALUES: TEXT.replace("latest", "1234567"), "helm-chart/Chart.yaml": "name: x\n"})
    assert changed(clone, base, other) == {CHART}


def changed(clone: Checkout, base: str, head: str) -> set[str]:
    baselines = tuple(Baseline(target=one.name, commit=base, source="deployed") for one in ERP.targets)
    found = detect_changes(GitRepository(clone.root), ERP, baselines, head)
    return {name for name, changes in found.changes.items() if changes}


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE", "GIT_NAMESPACE"])
def test_a_variable_of_a_hook_does_not_redirect_the_commit(
    origin: Checkout, clone: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    other = Checkout.create(tmp_path / "other", a="x")
    before = other.git("count-objects", "-v")
    places = {"GIT_OBJECT_DIRECTORY": ".git/objects", "GIT_INDEX_FILE": ".git/index", "GIT_NAMESPACE": "x"}
    monkeypatch.setenv(variable, str(other.root / places.get(variable, ".git")))
    commit = edit(clone)
    assert origin.git("rev-parse", "main") == commit
    assert other.git("count-objects", "-v") == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_clone_of_somebody_else_is_written_back_without_its_programs(
    origin: Checkout, clone: Checkout, tmp_path: Path
) -> None:
    hook = clone.root / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    hook.chmod(0o755)
    clone.git("config", "remote.origin.receivepack", str(hook))
    for path in (clone.root, *clone.root.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    commit = edit(clone)
    assert origin.git("rev-parse", "main") == commit
    assert not (tmp_path / "ran").exists()
