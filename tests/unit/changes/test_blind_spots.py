"""What a comparison of Git does not see: files behind links, and names of the configuration that mean nothing."""

import json
import subprocess
from pathlib import Path

import pytest

from erp_build.changes.blind_spots import links
from erp_build.changes.detect import plan
from erp_build.clients.git.links import links_of, links_on_disk
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ConfigurationError
from erp_build.model.plan import Plan
from tests.support.cli import CommandLine
from tests.support.detection import built, project_of
from tests.support.git import Checkout
from tests.support.samples import CHART, NOTIFICATION

N = "backend/notification-service"
POM = "<project/>\n"


def planned(erp: Checkout, base: str | None = None, head: str | None = None) -> Plan:
    return plan(project_of(erp.root), GitRepository(erp.root), base=base or erp.git("rev-parse", "HEAD~1"), head=head)


@pytest.fixture(params=["the checkout", "another commit", "a large checkout"])
def seen_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether links are seen on the disk, or by Git."""
    if request.param == "a large checkout":
        monkeypatch.setattr(links, "FEW_TARGETS", 0)
    return str(request.param)


def after_a_change_behind(erp: Checkout, seen_by: str, path: str) -> Plan:
    """The plan of a commit that changes one file."""
    base = erp.commit()
    head = erp.commit({path: POM})
    if seen_by == "another commit":
        erp.commit({"README.md": "another"})
    return planned(erp, base, head if seen_by == "another commit" else None)


@pytest.mark.parametrize(
    ("place", "target", "path"),
    [
        pytest.param("link", "../employee-service/pom.xml", "backend/employee-service/pom.xml", id="a file"),
        pytest.param("src/common", "../../../common/src", "common/src/deep/A.java", id="a folder"),
        pytest.param("a", "b", "common/x", id="a link behind a link"),
        pytest.param("through", "../up/src", "common/src/B.java", id="through a folder that is a link"),
    ],
)
def test_what_lies_behind_a_link_is_an_input(erp: Checkout, seen_by: str, place: str, target: str, path: str) -> None:
    erp.write("common/src/deep/A.java")
    erp.write("common/x")
    (erp.root / N / "b").symlink_to("../../common/x")
    (erp.root / "backend" / "up").symlink_to("../common")
    (erp.root / N / place).symlink_to(target)
    made = after_a_change_behind(erp, seen_by, path)
    assert NOTIFICATION in built(made)
    (step,) = [step for step in made.steps if step.target.name == NOTIFICATION]
    assert {reason.path for reason in step.because} == {path}
    assert any(reason.rule == f"link: {N}/{place}" for reason in step.because) or place == "a"
    assert path not in made.unowned
    assert not any("leads out" in warning for warning in made.warnings)


def test_a_link_within_its_service_and_one_to_a_shared_file_change_nothing(erp: Checkout, seen_by: str) -> None:
    (erp.root / N / "inside").symlink_to("pom.xml")
    (erp.root / N / "proto").symlink_to("../proto")
    made = after_a_change_behind(erp, seen_by, "backend/employee-service/new")
    assert built(made) == {"employee-service"}
    assert made.warnings == ()


@pytest.mark.parametrize("target", ["/etc/hostname", "../../../outside", "../../../../../../../x"])
def test_a_link_that_leads_out_of_the_repository_is_named(erp: Checkout, seen_by: str, target: str) -> None:
    (erp.root / N / "out").symlink_to(target)
    made = after_a_change_behind(erp, seen_by, f"{N}/new")
    assert f"{N}/out is a link that leads out of the repository, where no change is seen" in made.warnings


def test_a_link_of_the_chart_is_followed_too(erp: Checkout, seen_by: str) -> None:
    erp.write("common/_helpers.tpl")
    (erp.root / "helm-chart" / "helpers.tpl").symlink_to("../common/_helpers.tpl")
    made = after_a_change_behind(erp, seen_by, "common/_helpers.tpl")
    assert CHART in built(made)


def test_links_that_go_round_have_an_end() -> None:
    found = links_of({"a/x": "../b/y", "b/y": "../a/x", "a/self": "self"})
    assert [link.path for link in found] == ["a/x", "b/y", "a/self"]


def test_what_a_build_makes_is_not_looked_through(tmp_path: Path) -> None:
    for path in ("a/pom.xml", "a/target/x", "a/node_modules/x", "b/target/x"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).symlink_to("/etc/hostname")
    found = links_on_disk(str(tmp_path), ["a", "b", "c"])
    assert found is not None
    assert [link.path for link in found] == ["a/pom.xml", "b/target/x"]
    assert all(way.startswith("..") for link in found for way in link.ways)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('path = "backend/a-servise"', "`path` of a-servise names nothing: backend/a-servise is neither in "),
        ('path = "backend/a-servise"', "; did you mean `backend/a-service`?"),
        ('path = "bakend/a-service"\nname = "b"', "; did you mean `backend/a-service`?"),
        (
            'path = "backend/a-service"\ninputs = ["prot/**"]',
            "`inputs` of a-service names nothing: prot is neither in ",
        ),
        ('path = "backend/a-service"\ninputs = ["prot/**"]', "; did you mean `proto`?"),
        ('path = "backend/a-service"\ninputs = ["pom.xmll"]', "`inputs` of a-service names nothing: pom.xmll"),
        (
            'path = "backend/a-service"\ninputs = ["prot/*/x"]',
            "`inputs` of a-service names nothing: prot is neither in ",
        ),
    ],
)
@pytest.mark.parametrize("changed", ["something", "nothing"])
def test_a_name_that_means_nothing_is_a_warning_with_a_near_one(
    tmp_path: Path, line: str, said: str, changed: str
) -> None:
    files = {"erp-build.toml": f"[[service]]\n{line}\n", "backend/a-service/x": "x", "proto/v1/a": "x", "pom.xml": POM}
    erp = Checkout.create(tmp_path, **files, **{"helm-chart/Chart.yaml": "x"})
    erp.commit({"helm-chart/x": "x"} if changed == "something" else {})
    made = planned(erp)
    (warning,) = made.warnings
    assert said in warning


@pytest.mark.parametrize("in_the_checkout", [True, False], ids=["of the checkout", "of another commit"])
def test_a_name_that_means_something_on_either_side_is_no_warning(erp: Checkout, *, in_the_checkout: bool) -> None:
    text = f'shared = ["backend/proto/**", "*/x", "**/y"]\n[[service]]\npath = "{N}"\n'
    base = erp.commit({"erp-build.toml": text})
    erp.git("rm", "-r", "--quiet", N, "backend/proto")
    head = erp.commit()
    if not in_the_checkout:
        erp.commit({"README.md": "x"})
    made = planned(erp, base, head)
    assert made.warnings == ()
    assert made.steps[0].because[0].rule.startswith("removed: ")


def test_a_directory_that_is_not_committed_yet_is_a_warning_where_nothing_is_to_do(erp: Checkout) -> None:
    erp.commit({"erp-build.toml": '[[service]]\npath = "backend/new-service"\n'})
    erp.commit()
    erp.write("backend/new-service/pom.xml")
    assert "`path` of new-service names nothing" in planned(erp).warnings[0]


@pytest.mark.parametrize("becomes", ["a file", "a link", "behind a link"])
@pytest.mark.parametrize("in_the_checkout", [True, False], ids=["of the checkout", "of another commit"])
def test_a_path_that_is_no_directory_is_refused(erp: Checkout, becomes: str, *, in_the_checkout: bool) -> None:
    base = erp.commit({"erp-build.toml": f'[[service]]\npath = "{N}"\n', "src/notification-service/pom.xml": POM})
    erp.git("rm", "-r", "--quiet", "backend" if becomes == "behind a link" else N)
    if becomes == "a file":
        erp.write(N)
    else:
        place, target = ("backend", "src") if becomes == "behind a link" else (N, "../src/notification-service")
        (erp.root / place).symlink_to(target)
    head = erp.commit()
    if not in_the_checkout:
        erp.commit({"README.md": "x"})
    what = "is a file" if becomes == "a file" else "is behind the link"
    with pytest.raises(ConfigurationError, match=f"`path` of {NOTIFICATION} {what}") as caught:
        planned(erp, base, head)
    assert caught.value.where == "erp-build.toml"


def test_a_submodule_as_path_is_a_directory(erp: Checkout) -> None:
    erp.commit({"erp-build.toml": f'[[service]]\npath = "{N}"\n'})
    erp.git("rm", "-r", "--quiet", N)
    erp.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{N}")
    erp.git("commit", "--quiet", "--message", "module")
    assert built(planned(erp)) == {NOTIFICATION}


def test_a_chart_that_was_deleted_is_an_error_and_no_deployment(erp: Checkout, erp_build: CommandLine) -> None:
    erp.commit({"erp-build.toml": f'[[service]]\npath = "{N}"\n'})
    erp.git("rm", "-r", "--quiet", "helm-chart")
    erp.commit()
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD~1")
    assert answer.code == 2
    assert "the chart is not in the commit any more" in answer.err
    assert "correct `path` of [chart], or bring the chart back" in answer.err


def test_a_large_project_with_nothing_to_do_is_looked_at_again(erp: Checkout, erp_build: CommandLine) -> None:
    """A plan of thousands of services makes only those that a change touches."""
    text = "".join(f'[[service]]\npath = "backend/s{number}"\n' for number in range(25))
    files = {f"backend/s{number}/pom.xml": POM for number in range(24)}
    (erp.root / "backend" / "s3").mkdir()
    (erp.root / "backend" / "s3" / "common").symlink_to("../../common")
    erp.commit({"erp-build.toml": text, "common/x": "x", **files})
    erp.commit({"docs/x": "x"})
    nothing = erp_build("plan", "--repo", erp.root, "--base", "HEAD~1").out
    assert "`path` of s24 names nothing: backend/s24" in nothing
    assert "Nothing to do" in nothing
    assert "25 other targets do not differ" in nothing
    erp.commit({"common/x": "changed"})
    behind = erp_build("plan", "--repo", erp.root, "--base", "HEAD~1").out
    assert "  s3          build" in behind
    assert "common/x  <- link: backend/s3/common" in behind
    assert "24 other targets do not differ" in behind


def test_a_plan_of_a_source_without_git_looks_at_nothing(erp: Checkout, erp_build: CommandLine) -> None:
    (erp.root / N / "out").symlink_to("/etc/hostname")
    subprocess.run(["rm", "-rf", str(erp.root / ".git")], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", "c" * 40)
        document = json.loads(erp_build("plan", "--repo", erp.root, "--json").out)
    assert {target["action"] for target in document["targets"]} == {"build", "redeploy"}
