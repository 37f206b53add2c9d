"""Histories that are no straight line: merges, rewritten branches, runs that never came, work in progress."""

import os
import shutil
from pathlib import Path

import pytest

from erp_build.clients.git.repository import GitRepository
from erp_build.model.plan import LiveState, Running
from erp_build.model.releases.release import Revision
from tests.support.cli import CommandLine
from tests.support.detection import baselines, built, changed, plan, plan_live
from tests.support.git import Checkout
from tests.support.samples import CHART, DIGEST, EMPLOYEE, EVERYTHING, NOTIFICATION, PROCESSING, REQUEST

N = "backend/notification-service"
PREVIOUS = "CODEBUILD_WEBHOOK_PREV_COMMIT"
FOLDERS = {
    REQUEST: "backend/approval-request-service",
    PROCESSING: "backend/approval-processing-service",
    NOTIFICATION: N,
    EMPLOYEE: "backend/employee-service",
    CHART: "helm-chart",
}


def live(commits: dict[str, str]) -> LiveState:
    """What runs when each target was deployed from a commit of its own."""
    return LiveState(
        running={
            name: Running(target=name, repository=f"erp/{name}", tag=commit[:7], digest=DIGEST, commit=commit)
            for name, commit in commits.items()
        },
        revision=Revision(number=1, status="deployed"),
        chart_commit=commits[CHART],
    )


def test_an_octopus_merge_counts_every_branch_that_it_brings(erp: Checkout) -> None:
    base = erp.head()
    for name in (NOTIFICATION, REQUEST, EMPLOYEE):
        erp.git("checkout", "--quiet", "-b", name, base)
        erp.commit({f"{FOLDERS[name]}/new": "x"})
    erp.git("checkout", "--quiet", "main")
    erp.git("merge", "--quiet", "--no-edit", NOTIFICATION, REQUEST, EMPLOYEE)
    assert len(erp.git("rev-parse", "HEAD^@").split()) > 2
    assert set(changed(erp.root, base)) == {NOTIFICATION, REQUEST, EMPLOYEE}
    assert set(changed(erp.root, NOTIFICATION)) == {REQUEST, EMPLOYEE}


def test_the_revert_of_what_is_deployed_is_a_change(erp: Checkout) -> None:
    deployed = erp.commit({f"{N}/new": "x"})
    erp.git("revert", "--no-edit", "HEAD")
    assert set(changed(erp.root, deployed)) == {NOTIFICATION}


def test_the_same_commit_again_has_nothing_to_do(erp: Checkout) -> None:
    planned = plan_live(erp.root, live(dict.fromkeys(EVERYTHING, erp.head())))
    assert planned.is_empty
    assert planned.warnings == ()


def test_only_the_last_of_five_runs_came_and_no_change_is_lost(erp: Checkout) -> None:
    """Each push superseded the run before it; the previous commit would have deployed the chart alone."""
    start = erp.head()
    for name, folder in FOLDERS.items():
        erp.commit({f"{folder}/new": name})
    planned = plan_live(erp.root, live(dict.fromkeys(EVERYTHING, start)))
    assert {step.target.name: step.action for step in planned.steps} == {
        **dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE), "build"),
        CHART: "redeploy",
    }


def test_a_run_that_failed_halfway_leaves_each_target_its_own_baseline(erp: Checkout) -> None:
    start = erp.head()
    commits = {name: erp.commit({f"{folder}/new": name}) for name, folder in FOLDERS.items()}
    # The function was updated by the second of the runs, the release by none of them.
    done = {**dict.fromkeys(EVERYTHING, start), EMPLOYEE: commits[EMPLOYEE], REQUEST: commits[REQUEST]}
    planned = plan_live(erp.root, live(done))
    assert {step.target.name: step.baseline.commit for step in planned.steps} == done
    assert {step.target.name for step in planned.builds} == {PROCESSING, NOTIFICATION}


def test_a_pipeline_that_goes_back_builds_what_lies_between(erp: Checkout) -> None:
    old = erp.head()
    newer = erp.commit({f"{N}/new": "x"})
    erp.git("checkout", "--quiet", "--detach", old)
    assert built(plan_live(erp.root, live(dict.fromkeys(EVERYTHING, newer)))) == {NOTIFICATION}


def test_a_rebased_branch_is_still_compared_with_what_runs(erp: Checkout) -> None:
    """The running commit is in nobody's history any more, but can be read: its tree is what counts."""
    start = erp.head()
    deployed = erp.commit({f"{N}/mine": "x"})
    erp.git("checkout", "--quiet", "-B", "main", start)
    erp.commit({f"{FOLDERS[REQUEST]}/theirs": "x"})
    erp.git("cherry-pick", deployed)
    found = baselines(erp.root, live(dict.fromkeys(EVERYTHING, deployed)))
    assert {(item.commit, item.because) for item in found} == {(deployed, "")}
    assert set(changed(erp.root, deployed)) == {REQUEST}


def test_a_rebased_branch_is_not_compared_with_the_webhooks_commit(erp: Checkout) -> None:
    start = erp.head()
    pushed = erp.commit({f"{N}/mine": "x"})
    erp.git("checkout", "--quiet", "-B", "main", start)
    erp.commit({f"{FOLDERS[REQUEST]}/theirs": "x"})
    found = baselines(erp.root, variables={PREVIOUS: pushed})
    assert {item.commit for item in found} == {None}
    assert f"{pushed[:12]} of {PREVIOUS} is no ancestor of head" in found[0].because


def test_a_running_commit_that_was_pruned_after_a_force_push_builds_everything(erp: Checkout) -> None:
    start = erp.head()
    deployed = erp.commit({f"{N}/mine": "x"})
    erp.git("reset", "--quiet", "--hard", start)
    erp.git("reflog", "expire", "--expire=now", "--all")
    erp.git("gc", "--quiet", "--prune=now")
    planned = plan_live(erp.root, live(dict.fromkeys(EVERYTHING, deployed)))
    assert built(planned) == set(EVERYTHING)
    assert all(f"commit {deployed[:12]} cannot be read" in step.because[0].rule for step in planned.steps)


def test_a_detached_head_is_compared_like_a_branch(erp: Checkout) -> None:
    base = erp.head()
    erp.git("checkout", "--quiet", "--detach")
    erp.commit({f"{N}/new": "x"})
    assert set(changed(erp.root, base)) == {NOTIFICATION}


def test_in_the_middle_of_a_rebase_the_commits_made_so_far_count(erp: Checkout) -> None:
    base = erp.head()
    erp.git("checkout", "--quiet", "-b", "feature")
    erp.commit({f"{N}/mine": "x"})
    erp.commit({"README.md": "mine\n"})
    erp.git("checkout", "--quiet", "main")
    erp.commit({"README.md": "theirs\n"})
    erp.git("checkout", "--quiet", "feature")
    with pytest.raises(AssertionError, match="could not apply"):
        erp.git("rebase", "--quiet", "main")
    assert (erp.root / ".git" / "rebase-merge").is_dir()
    assert set(changed(erp.root, base)) == {NOTIFICATION}
    assert GitRepository(erp.root).uncommitted() == ("README.md",)


SERVICES = (NOTIFICATION, EMPLOYEE, PROCESSING, REQUEST)


def without_blobs(erp: Checkout, folder: Path) -> tuple[Checkout, str]:
    """A clone that has only trees, and the base of its last commit."""
    base = erp.head()
    erp.commit({f"{N}/new": "x", f"{N}/pom.xml": "<project/>\n"})
    erp.git("config", "uploadpack.allowFilter", "true")
    return erp.clone_to(folder, "--filter=blob:none", "--no-checkout"), base


def lacking(clone: Checkout) -> set[str]:
    """The objects that a clone lacks."""
    lines = clone.git("rev-list", "--objects", "--all", "--missing=print").splitlines()
    return {line[1:] for line in lines if line.startswith("?")}


def test_a_clone_without_blobs_is_planned_with_nothing_but_the_poms(erp: Checkout, tmp_path: Path) -> None:
    clone, base = without_blobs(erp, tmp_path / "clone")
    before = lacking(clone)
    assert changed(clone.root, base) == {NOTIFICATION: {f"{N}/new", f"{N}/pom.xml"}}
    poms = {erp.git("rev-parse", f"{at}:backend/{name}/pom.xml") for at in (base, "HEAD") for name in SERVICES}
    assert before - lacking(clone) == poms


def test_a_clone_without_blobs_and_without_a_remote_builds_more_and_says_why(erp: Checkout, tmp_path: Path) -> None:
    clone, base = without_blobs(erp, tmp_path / "clone")
    shutil.rmtree(erp.root)
    assert set(changed(clone.root, base)) == set(SERVICES)
    assert any("pom.xml cannot be understood" in warning for warning in plan(clone.root, base).warnings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("base", ["HEAD~1", "FULL"])
def test_a_checkout_of_another_user_is_planned(erp: Checkout, base: str, erp_build: CommandLine) -> None:
    """Git calls it dubious ownership; a mounted work tree in a container has it always."""
    first = erp.head()
    erp.commit({f"{N}/new": "x"})
    for path in (erp.root, *erp.root.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    answer = erp_build("plan", "--repo", erp.root, "--base", base.replace("FULL", first))
    assert answer.code == 0
    assert [NOTIFICATION, "build"] in [line.split()[:2] for line in answer.out.splitlines()]


@pytest.mark.parametrize("state", ["no baseline", "baseline"])
def test_a_plan_in_a_worktree_reads_the_worktrees_head(erp: Checkout, tmp_path: Path, state: str) -> None:
    base = erp.head()
    erp.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"))
    Checkout(tmp_path / "tree").commit({f"{N}/new": "x"})
    erp.commit({"helm-chart/new": "x"})
    planned = plan(tmp_path / "tree", base if state == "baseline" else None)
    assert built(planned) == ({NOTIFICATION} if state == "baseline" else set(EVERYTHING))
    assert planned.head == Checkout(tmp_path / "tree").head()
