"""What a chart depends on and its folder lacks is built by its lock file, into a copy."""

import os
from pathlib import Path

import pytest

from erp_build.clients.files.private_folder import remove_private_folders
from erp_build.clients.helm.chart_files import missing_dependencies
from erp_build.clients.helm.dependencies import complete_chart
from erp_build.clients.helm.program import LocalCharts
from erp_build.errors import ReleaseFailed
from erp_build.model.project import Chart
from tests.contract.helm.conftest import RELEASE, StubHelm

CHART = Chart(path="deploy/chart")
COMMON = "dependencies:\n- name: common\n  version: 1.2.3\n  repository: file://../common\n"
REMOTE = "dependencies:\n- name: redis\n  version: 20.1.0\n  repository: https://charts.example/stable\n"
BOTH = REMOTE + COMMON.partition("\n")[2]


def laid_out(root: Path, **files: str) -> Path:
    """A repository with a chart of these files, and a chart beside it."""
    texts = {"Chart.yaml": "name: c\nversion: 0.1.0\n", **files}
    for name, text in [*texts.items(), ("../common/Chart.yaml", "name: common\nversion: 1.2.3\n")]:
        path = root / CHART.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def listing(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        pytest.param({}, [], id="no dependencies"),
        pytest.param({"Chart.lock": COMMON}, ["common"], id="nothing is there"),
        pytest.param({"Chart.lock": COMMON, "charts/common-1.2.3.tgz": ""}, [], id="the archive is there"),
        pytest.param({"Chart.lock": COMMON, "charts/common-1.2.2.tgz": ""}, ["common"], id="an older archive"),
        pytest.param(
            {"Chart.lock": COMMON, "charts/x/Chart.yaml": "name: common\nversion: 1.2.3\n"}, [], id="it lies unpacked"
        ),
        pytest.param(
            {"Chart.lock": COMMON, "charts/x/Chart.yaml": "name: common\nversion: 1.2.2\n"},
            ["common"],
            id="another version lies unpacked",
        ),
        pytest.param({"requirements.lock": COMMON}, ["common"], id="a lock of Helm 2's form"),
        pytest.param({"Chart.yaml": "name: c\n" + COMMON}, ["common"], id="no lock, and nothing is there"),
        pytest.param({"Chart.yaml": "name: c\n" + COMMON, "charts/common-9.tgz": ""}, [], id="no lock, any version"),
        pytest.param({"Chart.yaml": "dependencies: [{name: a, version: 1}]\n"}, [], id="a chart that lies in charts/"),
    ],
)
def test_what_the_lock_names_and_charts_has_not_is_missing(
    tmp_path: Path, files: dict[str, str], lacks: list[str]
) -> None:
    chart = laid_out(tmp_path, **files) / CHART.path
    assert [one.name for one in missing_dependencies(chart)] == lacks


def test_a_chart_with_all_that_it_needs_is_taken_where_it_lies(helm: StubHelm, tmp_path: Path) -> None:
    root = laid_out(tmp_path / "r", **{"Chart.lock": COMMON, "charts/common-1.2.3.tgz": ""})
    LocalCharts().rendered(root, CHART, b"")
    assert [call.words[-1] for call in helm.calls()] == [str(root / CHART.path)] * 2


def test_dependencies_are_built_into_a_copy_that_lies_to_its_neighbours_as_the_chart_does(
    helm: StubHelm, tmp_path: Path
) -> None:
    root = laid_out(tmp_path / "r", **{"Chart.yaml": "name: c\n" + BOTH, "Chart.lock": BOTH})
    before = listing(root)
    LocalCharts().rendered(root, CHART, b"")
    add, build, template, lint = helm.calls()
    copy = Path(build.words[-1])
    assert add.words == ["repo", "add", "--", "r0", "https://charts.example/stable"]
    assert build.words[:3] == ["dependency", "build", "--"]
    assert template.words[-1] == lint.words[-1] == str(copy)
    assert copy.name == "chart"
    assert not copy.is_relative_to(root)
    assert add.environment["HELM_REPOSITORY_CONFIG"] == build.environment["HELM_REPOSITORY_CONFIG"]
    assert Path(build.environment["HELM_REPOSITORY_CACHE"]).parent in copy.parents
    assert listing(root) == before
    assert not copy.exists()


def test_the_copy_is_gone_when_a_second_signal_ends_the_program_at_once(helm: StubHelm, tmp_path: Path) -> None:
    chart = laid_out(tmp_path / "r", **{"Chart.yaml": "name: c\n" + COMMON, "Chart.lock": COMMON}) / CHART.path
    with complete_chart(chart) as copy:
        assert helm.calls()[0].words[-1] == str(copy)
        assert copy.exists()
        remove_private_folders()
        assert not copy.exists()


def test_a_pipe_in_the_folder_of_a_chart_is_named_and_not_waited_for(helm: StubHelm, tmp_path: Path) -> None:
    root = laid_out(tmp_path / "r", **{"Chart.yaml": "name: c\n" + COMMON, "Chart.lock": COMMON})
    os.mkfifo(root / CHART.path / "pipe")
    helm.remove()
    with pytest.raises(ReleaseFailed, match="cannot be copied") as caught:
        LocalCharts().rendered(root, CHART, b"")
    assert "pipe" in caught.value.why


def test_a_run_builds_them_once(helm: StubHelm, tmp_path: Path) -> None:
    chart = laid_out(tmp_path / "r", **{"Chart.yaml": "name: c\n" + COMMON, "Chart.lock": COMMON}) / CHART.path
    helm.answer(out="v3.19.5", only="version")
    helm.tool.render(RELEASE, chart, b"")
    helm.tool.check_chart(RELEASE, chart, b"")
    helm.tool.upgrade(RELEASE, chart, chart / "values.yaml", "x", 60)
    build, *others = helm.calls()
    copy = Path(build.words[-1])
    assert [call.words[0] for call in others] == ["template", "lint", "version", "upgrade", "upgrade"]
    assert {call.words[-1] for call in others if call.words[0] != "version"} == {str(copy)}
    assert (copy.parent / "common" / "Chart.yaml").is_file()
    assert copy.parents[1].stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("files", "what", "next_step"),
    [
        pytest.param(
            {"Chart.yaml": "name: c\n" + REMOTE}, "that no lock file names", "helm dependency update", id="no lock"
        ),
        pytest.param(
            {"Chart.lock": "dependencies: [{name: a, version: 1, repository: '@private'}]\n"},
            "a dependency that cannot be found",
            "write the address of its repository",
            id="an alias of a repository",
        ),
        pytest.param(
            {"Chart.lock": "dependencies: [{name: a, version: 1, repository: '--debug'}]\n"},
            "a dependency that cannot be found",
            "write the address of its repository",
            id="an option in the place of an address",
        ),
        pytest.param(
            {"Chart.lock": "dependencies: [{name: a, version: 1, repository: 'file://../gone'}]\n"},
            "a chart that the chart depends on is not there",
            "correct `repository`",
            id="a neighbour that is not there",
        ),
        pytest.param(
            {"Chart.lock": "dependencies: [{name: a, version: 1, repository: 'file:///etc'}]\n"},
            "a chart that the chart depends on is not there",
            "correct `repository`",
            id="a folder that is no chart",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_before_helm_is_asked(
    helm: StubHelm, tmp_path: Path, files: dict[str, str], what: str, next_step: str
) -> None:
    root = laid_out(tmp_path / "r", **files)
    helm.remove()
    with pytest.raises(ReleaseFailed, match=what) as caught:
        LocalCharts().rendered(root, CHART, b"")
    assert next_step in caught.value.next_step


@pytest.mark.parametrize(
    ("verb", "said", "what", "next_step"),
    [
        (
            "dependency",
            "Error: the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update",
            "the dependencies of the chart cannot be built",
            "Chart.lock is older than Chart.yaml",
        ),
        (
            "repo",
            'Error: looks like "https://charts.example/stable" is not a valid chart repository or cannot be reached',
            "a repository of the chart's dependencies cannot be read",
            "check its address in Chart.yaml",
        ),
    ],
)
def test_a_build_that_fails_says_why_and_what_to_do(
    helm: StubHelm, tmp_path: Path, verb: str, said: str, what: str, next_step: str
) -> None:
    root = laid_out(tmp_path / "r", **{"Chart.yaml": "name: c\n" + BOTH, "Chart.lock": BOTH})
    helm.answer(1, err=said, only=verb)
    with pytest.raises(ReleaseFailed, match=what) as caught:
        LocalCharts().rendered(root, CHART, b"")
    assert caught.value.why == said
    assert next_step in caught.value.next_step
