"""Repositories that are not whole: shallow, without the baseline, bare, further up, owned by the environment."""

import os
import shutil
from pathlib import Path

import pytest

from erp_build.changes.baselines import refuse_older
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ConfigurationError, NewerDeployed
from erp_build.model.plan import LiveState, Running
from tests.support.detection import baselines, built, changed, detect, plan
from tests.support.git import Checkout
from tests.support.samples import DIGEST, EVERYTHING, NOTIFICATION

N = "backend/notification-service"


def live(commit: str) -> LiveState:
    return LiveState(
        running={
            name: Running(target=name, repository=f"erp/{name}", tag=commit[:7], digest=DIGEST, commit=commit)
            for name in EVERYTHING
        },
        chart_commit=commit,
    )


@pytest.fixture
def shallow(erp: Checkout, tmp_path: Path) -> tuple[Checkout, str]:
    """A clone of depth one, and the commit below it that it lacks."""
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    return erp.clone_to(tmp_path / "clone", "--depth=1"), base


def test_a_shallow_clone_fetches_the_baseline_that_it_lacks(shallow: tuple[Checkout, str]) -> None:
    clone, base = shallow
    assert not GitRepository(clone.root)._reads(base)
    assert GitRepository(clone.root).has_commit(base)
    assert changed(clone.root, base) == {NOTIFICATION: {f"{N}/new"}}


def test_a_variable_of_a_hook_does_not_redirect_the_fetch(
    shallow: tuple[Checkout, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, base = shallow
    other = Checkout.create(tmp_path / "other", a="x")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    assert GitRepository(clone.root).has_commit(base)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_clone_that_belongs_to_another_user_is_read_and_completed(shallow: tuple[Checkout, str]) -> None:
    """As in a container whose work tree is mounted; git calls it dubious ownership and refuses."""
    clone, base = shallow
    for path in (clone.root, *clone.root.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    repository = GitRepository(clone.root)
    assert repository.resolve("HEAD") is not None
    assert repository.has_commit(base)


def test_a_baseline_that_the_remote_lacks_too_builds_everything_and_says_why(erp: Checkout, tmp_path: Path) -> None:
    clone = erp.clone_to(tmp_path / "clone")
    gone = "d" * 40
    planned = plan(clone.root, variables={"CODEBUILD_WEBHOOK_PREV_COMMIT": gone})
    reasons = {item.because for item in baselines(clone.root, variables={"CODEBUILD_WEBHOOK_PREV_COMMIT": gone})}
    assert built(planned) == set(EVERYTHING)
    (reason,) = reasons
    assert reason.startswith(f"webhook: {gone[:12]} of CODEBUILD_WEBHOOK_PREV_COMMIT is no ancestor of head (origin: ")
    assert reason.endswith(f"not our ref {gone})")


def test_a_running_commit_that_nobody_has_any_more_builds_everything_and_says_why(erp: Checkout) -> None:
    found = [item for item in baselines(erp.root, live("d" * 40)) if item.target == NOTIFICATION]
    assert found[0].commit is None
    assert found[0].because == f"deployed: commit {'d' * 12} cannot be read in this clone"


def test_a_remote_that_cannot_be_asked_is_not_an_error(shallow: tuple[Checkout, str], erp: Checkout) -> None:
    clone, base = shallow
    shutil.rmtree(erp.root)
    assert not GitRepository(clone.root).has_commit(base)


def test_a_source_without_git_builds_everything_and_names_the_pipelines_setting(tmp_path: Path) -> None:
    (tmp_path / N).mkdir(parents=True)
    planned = plan(tmp_path, variables={"CODEBUILD_RESOLVED_SOURCE_VERSION": "c" * 40})
    assert built(planned) == set(EVERYTHING)
    assert planned.head == "c" * 40
    assert "upstream" not in planned.steps[0].because[0].rule
    assert "no .git (CODE_ZIP; choose full clone" in planned.steps[0].because[0].rule


def test_a_source_without_git_and_without_a_commit_cannot_name_an_image(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no commit to name the images after") as caught:
        plan(tmp_path)
    assert "this is not a Git repository: there is no .git here or further up" in caught.value.why


def test_a_repository_further_up_is_somebody_elses(erp: Checkout) -> None:
    base = erp.head()
    head = erp.commit({f"{N}/new": "x"})
    below = erp.root / "backend"
    planned = plan(below, variables={"CODEBUILD_RESOLVED_SOURCE_VERSION": head, "CODEBUILD_WEBHOOK_PREV_COMMIT": base})
    assert built(planned) == set(EVERYTHING)
    assert f"a folder of the repository {erp.root}, not its root" in planned.steps[0].because[0].rule
    with pytest.raises(ConfigurationError, match="--base names no commit"):
        detect(below, base, variables={"CODEBUILD_RESOLVED_SOURCE_VERSION": head})


def test_a_bare_repository_will_do_for_a_plan(erp: Checkout, tmp_path: Path) -> None:
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    bare = erp.clone_to(tmp_path / "bare.git", "--bare")
    assert changed(bare.root, base) == {NOTIFICATION: {f"{N}/new"}}
    assert detect(bare.root, base).warnings == ()


def test_a_worktree_whose_git_is_a_file_is_a_repository(erp: Checkout, tmp_path: Path) -> None:
    base = erp.head()
    erp.git("worktree", "add", "--quiet", str(tmp_path / "tree"))
    assert (tmp_path / "tree" / ".git").is_file()
    assert changed(tmp_path / "tree", base) == {}
    assert GitRepository(tmp_path / "tree").has_metadata()


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"])
def test_a_variable_of_a_hook_does_not_redirect_a_plan(
    erp: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
    assert set(changed(erp.root, base)) == {NOTIFICATION}


def test_an_empty_repository_has_no_commit_to_build(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no commit to name the images after"):
        plan(Checkout.create(tmp_path).root)


def test_a_newer_commit_that_is_live_is_not_taken_back(erp: Checkout) -> None:
    old = erp.head()
    newer = erp.commit({f"{N}/new": "x"})
    with pytest.raises(NewerDeployed) as caught:
        refuse_older(GitRepository(erp.root), old, live(newer))
    assert newer in caught.value.why


def test_a_newer_commit_that_this_clone_never_saw_is_not_taken_back(erp: Checkout, tmp_path: Path) -> None:
    clone = erp.clone_to(tmp_path / "clone")
    newer = erp.commit({f"{N}/new": "x"})
    with pytest.raises(NewerDeployed, match="a newer commit is already deployed"):
        refuse_older(GitRepository(clone.root), clone.head(), live(newer))


def test_a_newer_commit_that_a_shallow_clone_never_saw_is_not_taken_back(erp: Checkout, tmp_path: Path) -> None:
    erp.commit({f"{N}/before": "x"})
    clone = erp.clone_to(tmp_path / "clone", "--depth=1")
    erp.commit({f"{N}/between": "x"})
    newer = erp.commit({f"{N}/new": "x"})
    with pytest.raises(NewerDeployed, match="a newer commit is already deployed"):
        refuse_older(GitRepository(clone.root), clone.head(), live(newer))


def test_a_newer_chart_that_is_live_is_not_taken_back(erp: Checkout) -> None:
    old = erp.head()
    newer = erp.commit({"helm-chart/new": "x"})
    with pytest.raises(NewerDeployed) as caught:
        refuse_older(GitRepository(erp.root), old, live(old)._replace(chart_commit=newer))
    assert caught.value.where == "the release's chart"


def test_the_same_an_older_or_another_commit_that_is_live_is_no_obstacle(erp: Checkout) -> None:
    old = erp.head()
    other = erp.commit({f"{N}/other": "x"})
    erp.git("reset", "--quiet", "--hard", old)
    head = erp.commit({f"{N}/new": "x"})
    for commit in (head, old, other, "d" * 40):
        refuse_older(GitRepository(erp.root), head, live(commit))


def test_many_commits_are_asked_about_at_once_and_one_that_is_missing_hides_no_newer_one(
    erp: Checkout, tmp_path: Path
) -> None:
    old = erp.head()
    head = erp.commit({f"{N}/new": "x"})
    between = erp.commit({f"{N}/new": "y"})
    clone = erp.clone_to(tmp_path / "clone")
    unseen = erp.commit({f"{N}/new": "z"})
    found = GitRepository(clone.root).containing(head, (old, between, "d" * 40, unseen))
    assert found == {between, unseen}


@pytest.mark.parametrize(
    ("names", "upstream"),
    [
        pytest.param(("mirror", "origin"), "", id="origin, which is not the first"),
        pytest.param(("mirror", "fork"), "fork", id="that of the upstream, without an origin"),
        pytest.param(("origin", "fork"), "fork", id="that of the upstream, where origin lacks the commit"),
        pytest.param(("fork",), "", id="the only one"),
    ],
)
def test_a_missing_commit_is_asked_of_origin_and_of_the_upstreams_remote(
    shallow: tuple[Checkout, str], erp: Checkout, tmp_path: Path, names: tuple[str, ...], upstream: str
) -> None:
    clone, base = shallow
    other = Checkout.create(tmp_path / "other", a="x")
    clone.git("remote", "remove", "origin")
    for name in names:
        has_it = name == (upstream or names[-1])
        clone.git("remote", "add", name, f"file://{erp.root if has_it else other.root}")
    if upstream:
        clone.git("config", "branch.main.remote", upstream)
        clone.git("config", "branch.main.merge", "refs/heads/main")
        clone.git("fetch", "--quiet", "--depth=1", upstream)
    assert GitRepository(clone.root).has_commit(base)


@pytest.mark.parametrize("kind", ["shallow", "partial"])
def test_the_callers_settings_by_variables_reach_a_fetch(
    erp: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A build signs in by `GIT_CONFIG_COUNT`; an address that is rewritten shows that they are read."""
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    erp.git("config", "uploadpack.allowFilter", "true")
    clone = erp.clone_to(tmp_path / "clone", "--depth=1" if kind == "shallow" else "--filter=tree:0")
    clone.git("remote", "set-url", "origin", "https://nowhere.invalid/erp")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{erp.root}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://nowhere.invalid/erp")
    assert GitRepository(clone.root).has_commit(base)
    assert changed(clone.root, base) == {NOTIFICATION: {f"{N}/new"}}
