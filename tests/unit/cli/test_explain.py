"""`explain`: whom a path belongs to."""

import json

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import CHART, NOTIFICATION

N = "backend/notification-service"


@pytest.fixture
def project(erp: Checkout) -> Checkout:
    text = f'ignore = ["*.md"]\nshared = ["proto/**"]\n[[service]]\npath = "{N}"\ninputs = ["pom.xml"]\n'
    erp.write("erp-build.toml", text)
    return erp


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(f"{N}/x", f"-> {N}/** -> {NOTIFICATION}: a change builds it", id="a service's"),
        pytest.param("pom.xml", f"-> input: pom.xml -> {NOTIFICATION}: a change builds it", id="an input"),
        pytest.param("proto/a", f"-> shared: proto/** -> {NOTIFICATION}: a change builds it", id="shared"),
        pytest.param("erp-build.toml", "-> build configuration: erp-build.toml -> ", id="the configuration"),
        pytest.param("helm-chart/x", f"-> helm-chart/** -> {CHART}: a change redeploys every EKS service", id="chart"),
        pytest.param(f"{N}/README.md", "is ignored", id="ignored"),
        pytest.param("docs/x", "belongs to no target: a change builds nothing", id="nobody's"),
        pytest.param(f"{N}-v2/x", "belongs to no target", id="a sibling with the same beginning"),
        pytest.param(f"/{N}/", f"-> {NOTIFICATION}", id="with slashes at both ends"),
    ],
)
def test_a_path_is_explained(project: Checkout, path: str, text: str, erp_build: CommandLine) -> None:
    answer = erp_build("explain", "--repo", project.root, path)
    assert answer.code == 0
    first, second = answer.out.splitlines()
    assert first == path
    assert text in second


def test_many_paths_are_explained_as_json(project: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("explain", "--repo", project.root, "--json", f"{N}/x", "a.md", "docs/설계")
    assert json.loads(answer.out) == {
        "schema": 1,
        "paths": [
            {"path": f"{N}/x", "owners": {NOTIFICATION: f"{N}/**"}, "ignored": False},
            {"path": "a.md", "owners": {}, "ignored": True},
            {"path": "docs/설계", "owners": {}, "ignored": False},
        ],
    }


def test_a_path_need_not_exist_nor_the_repository_have_a_commit(project: Checkout, erp_build: CommandLine) -> None:
    assert erp_build("explain", "--repo", project.root, f"{N}/not/yet").code == 0


def test_without_a_path_the_usage_is_shown(project: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("explain", "--repo", project.root)
    assert answer.code == 2
    assert "usage: erp-build explain" in answer.err


def test_an_escape_sequence_in_a_path_does_not_reach_the_terminal(project: Checkout, erp_build: CommandLine) -> None:
    assert "\x1b" not in erp_build("explain", "--repo", project.root, "\x1b[2Jx").out
