"""The ladder of baselines: argument, deployed, webhook, upstream, none; every rung that fails is told."""

from pathlib import Path

import pytest

from erp_build.changes import detect as detection
from erp_build.changes.baselines import find_head, refuse_doubt
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import load_project
from erp_build.errors import ConfigurationError, DetectionRefused
from erp_build.model.plan import LiveState, Running
from erp_build.model.releases.release import Revision
from tests.support.detection import baselines, built, plan
from tests.support.git import Checkout
from tests.support.samples import CHART, DIGEST, EVERYTHING, NOTIFICATION

PREVIOUS, RESOLVED = "CODEBUILD_WEBHOOK_PREV_COMMIT", "CODEBUILD_RESOLVED_SOURCE_VERSION"
N = "backend/notification-service"


@pytest.fixture
def two(erp: Checkout) -> tuple[Checkout, str, str]:
    """A repository with two commits, the second in the notification service."""
    first = erp.head()
    return erp, first, erp.commit({f"{N}/new": "x"})


def live(commit: str | None, status: str = "deployed", chart: str | None = None) -> LiveState:
    return LiveState(
        running={
            name: Running(target=name, repository=f"erp/{name}", tag="0ld1234", digest=DIGEST, commit=commit)
            for name in EVERYTHING[:-1]
        },
        revision=Revision(number=3, status=status),
        chart_commit=chart or commit,
    )


@pytest.mark.parametrize(
    ("value", "source", "why"),
    [
        pytest.param(None, "none", "upstream: the branch has no upstream", id="unset"),
        pytest.param("", "none", f"webhook: {PREVIOUS} holds no commit", id="empty"),
        pytest.param("0" * 40, "none", "holds no commit", id="zeros, a new branch"),
        pytest.param("garbage", "none", "holds no commit", id="garbage"),
        pytest.param("HEAD~1", "none", "holds no commit", id="a revision"),
        pytest.param("d" * 40, "none", f"dddddddddddd of {PREVIOUS} is no ancestor of head", id="unknown"),
        pytest.param("FIRST", "webhook", "", id="good"),
        pytest.param("FIRST\n", "webhook", "", id="good with a line end"),
    ],
)
def test_the_webhooks_commit_is_taken_only_when_it_is_good(
    two: tuple[Checkout, str, str], value: str | None, source: str, why: str
) -> None:
    erp, first, _ = two
    variables = {} if value is None else {PREVIOUS: value.replace("FIRST", first)}
    found = baselines(erp.root, variables=variables)
    assert {item.source for item in found} == {source}
    assert all(why in item.because for item in found)
    assert built(plan(erp.root, variables=variables)) == ({NOTIFICATION} if source == "webhook" else set(EVERYTHING))


def test_a_webhooks_commit_of_another_branch_is_not_taken(two: tuple[Checkout, str, str]) -> None:
    erp, first, second = two
    erp.git("checkout", "--quiet", "-b", "other", first)
    other = erp.commit({f"{N}/other": "x"})
    erp.git("checkout", "--quiet", second)
    assert {item.source for item in baselines(erp.root, variables={PREVIOUS: other})} == {"none"}


def test_an_argument_comes_before_everything(two: tuple[Checkout, str, str]) -> None:
    erp, first, second = two
    found = baselines(erp.root, live(second), base=first, variables={PREVIOUS: second})
    assert {(item.source, item.commit, item.because) for item in found} == {("argument", first, "")}


@pytest.mark.parametrize("base", ["HEAD~1", "v1.4", "main~1", "SHORT"])
def test_an_argument_may_be_any_revision(two: tuple[Checkout, str, str], base: str) -> None:
    erp, first, _ = two
    erp.git("tag", "--annotate", "--message", "a tag", "v1.4", first)
    assert {item.commit for item in baselines(erp.root, base=base.replace("SHORT", first[:9]))} == {first}


@pytest.mark.parametrize("base", ["nowhere", "--output=/x", "HEAD:README.md", "HEAD..HEAD", "^HEAD", " "])
def test_an_argument_that_is_no_commit_is_refused(two: tuple[Checkout, str, str], base: str) -> None:
    with pytest.raises(ConfigurationError, match="--base names no commit") as caught:
        baselines(two[0].root, base=base)
    assert repr(base) in caught.value.why


def test_what_runs_comes_before_the_webhook(two: tuple[Checkout, str, str]) -> None:
    erp, first, second = two
    found = baselines(erp.root, live(first), variables={PREVIOUS: second})
    assert {(item.source, item.commit) for item in found} == {("deployed", first)}


def test_a_running_image_that_names_no_commit_falls_to_the_webhook_and_says_so(two: tuple[Checkout, str, str]) -> None:
    erp, first, _ = two
    found = baselines(erp.root, live(None, chart=first), variables={PREVIOUS: first})
    assert found[0].source == "webhook"
    assert found[0].because == "deployed: the running image 0ld1234 names no commit"
    assert found[-1].source == "deployed"


def test_each_target_is_compared_with_its_own_running_commit(erp: Checkout) -> None:
    """A run was superseded: what each service runs is another commit, and no change is lost."""
    first = erp.head()
    second = erp.commit({f"{N}/new": "x"})
    erp.commit({"backend/approval-request-service/new": "x"})
    state = live(first)
    mixed = LiveState(
        running={**state.running, "approval-request-service": live(second).running["approval-request-service"]},
        revision=state.revision,
        chart_commit=first,
    )
    assert [item.commit for item in baselines(erp.root, mixed)] == [second, first, first, first, first]


@pytest.mark.parametrize(
    ("state", "target", "why"),
    [
        pytest.param(LiveState(), NOTIFICATION, "nothing of it runs yet", id="a service that never ran"),
        pytest.param(LiveState(), CHART, "there is no release yet", id="no release"),
        pytest.param(live("f" * 40, "failed"), CHART, "revision 3 of the release is failed", id="a failed release"),
        pytest.param(live("f" * 40, "pending-upgrade"), CHART, "is pending-upgrade", id="a release that hangs"),
    ],
)
def test_what_is_absent_is_deployed_whatever_the_argument(
    erp: Checkout, state: LiveState, target: str, why: str
) -> None:
    found = next(item for item in baselines(erp.root, state, base="HEAD") if item.target == target)
    assert found.commit is None
    assert why in found.because


def test_offline_the_upstream_branch_is_the_baseline(erp: Checkout, tmp_path: Path) -> None:
    base = erp.head()
    clone = erp.clone_to(tmp_path / "clone")
    clone.commit({f"{N}/mine": "x"})
    erp.commit({"helm-chart/theirs": "x"})
    clone.git("fetch", "--quiet")
    assert {(item.source, item.commit) for item in baselines(clone.root)} == {("upstream", base)}
    assert built(plan(clone.root)) == {NOTIFICATION}


def test_a_detached_head_has_no_upstream(two: tuple[Checkout, str, str]) -> None:
    erp, _, second = two
    erp.git("checkout", "--quiet", second)
    assert {item.because for item in baselines(erp.root)} == {"upstream: the branch has no upstream"}


def test_a_baseline_that_fell_through_is_a_warning_of_the_plan(two: tuple[Checkout, str, str]) -> None:
    erp, first, _ = two
    project, repository = load_project(erp.root), GitRepository(erp.root)
    made = detection.plan(project, repository, live=live(None, chart=first), variables={PREVIOUS: first})
    assert made.warnings == ("deployed: the running image 0ld1234 names no commit",)


@pytest.mark.parametrize("value", ["garbage", "", "0" * 40, "d" * 40, "OTHER"])
def test_a_stated_baseline_that_fails_builds_everything_and_never_falls_to_the_upstream(
    two: tuple[Checkout, str, str], tmp_path: Path, value: str
) -> None:
    """The upstream of a branch that was just pushed is head itself."""
    erp, first, _ = two
    erp.git("checkout", "--quiet", "-b", "other", first)
    other = erp.commit({f"{N}/other": "x"})
    erp.git("checkout", "--quiet", "main")
    clone = erp.clone_to(tmp_path / "clone")
    assert built(plan(clone.root)) == set()
    variables = {PREVIOUS: value.replace("OTHER", other)}
    assert built(plan(clone.root, variables=variables)) == set(EVERYTHING)
    assert all(item.because.startswith("webhook: ") for item in baselines(clone.root, variables=variables))


def test_a_running_commit_that_cannot_be_read_builds_more_than_the_webhook_says(two: tuple[Checkout, str, str]) -> None:
    """Between what runs and the commit before this push there may be others."""
    erp, _, second = two
    found = baselines(erp.root, live("d" * 40), variables={PREVIOUS: second})
    assert {(item.commit, item.source) for item in found} == {(None, "none")}
    assert {item.because for item in found} == {f"deployed: commit {'d' * 12} cannot be read in this clone"}


def test_strict_accepts_baselines_without_doubt(two: tuple[Checkout, str, str]) -> None:
    erp, first, _ = two
    refuse_doubt(baselines(erp.root, live(first)))


def test_strict_refuses_a_missing_baseline_and_one_that_fell_through(two: tuple[Checkout, str, str]) -> None:
    erp, first, _ = two
    with pytest.raises(DetectionRefused, match="5 baselines are in doubt"):
        refuse_doubt(baselines(erp.root))
    with pytest.raises(DetectionRefused, match="4 baselines are in doubt") as caught:
        refuse_doubt(baselines(erp.root, live(None, chart=first), variables={PREVIOUS: first}))
    assert f"{NOTIFICATION}: deployed: the running image" in caught.value.why


@pytest.mark.parametrize("value", ["", "0" * 40, "arn:aws:s3:::codepipeline-ap-northeast-2/x", "main"])
def test_a_head_that_codebuild_does_not_name_is_the_checkout(two: tuple[Checkout, str, str], value: str) -> None:
    erp, _, second = two
    assert find_head(GitRepository(erp.root), {RESOLVED: value}) == second


def test_a_head_that_codebuild_names_is_the_checkout(two: tuple[Checkout, str, str]) -> None:
    erp, _, second = two
    assert find_head(GitRepository(erp.root), {RESOLVED: second}) == second


def test_a_head_that_is_not_the_checkout_is_refused(two: tuple[Checkout, str, str]) -> None:
    erp, first, second = two
    with pytest.raises(ConfigurationError, match="not the commit that CodeBuild names") as caught:
        find_head(GitRepository(erp.root), {RESOLVED: first})
    assert first in caught.value.why
    assert second in caught.value.why


def test_a_head_that_is_asked_for_comes_first(two: tuple[Checkout, str, str]) -> None:
    erp, first, second = two
    assert find_head(GitRepository(erp.root), {RESOLVED: second}, "HEAD~1") == first
    with pytest.raises(ConfigurationError, match="--head names no commit"):
        find_head(GitRepository(erp.root), {}, "nowhere")
