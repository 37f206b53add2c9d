"""`plan` of a commit that is not checked out: its own configuration counts."""

import json
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import EVERYTHING, NOTIFICATION
from tests.unit.cli.test_plan import N


@pytest.fixture
def other_settings(erp: Checkout) -> tuple[Checkout, str]:
    """A branch `topic` with a service of its own in its configuration, and the checkout of another commit."""
    erp.commit({"erp-build.toml": f'[[service]]\npath = "{N}"\n'})
    erp.git("checkout", "--quiet", "-b", "topic")
    text = f'[[service]]\npath = "{N}"\n[[service]]\npath = "backend/new-service"\n'
    head = erp.commit({"erp-build.toml": text, "prod.toml": text, "backend/new-service/pom.xml": "<project/>"})
    erp.git("checkout", "--quiet", "main")
    return erp, head


@pytest.mark.parametrize("form", [("--json",), ("--json", "--strict")])
@pytest.mark.parametrize("named", ["topic", "HEAD"])
def test_another_commit_is_planned_by_its_own_configuration(
    other_settings: tuple[Checkout, str], erp_build: CommandLine, form: tuple[str, ...], named: str
) -> None:
    erp, head = other_settings
    words = ("--base", "main", "--head", named.replace("HEAD", head))
    document = json.loads(erp_build("plan", "--repo", erp.root, *words, *form).out)
    assert [(one["name"], one["action"]) for one in document["targets"]] == [
        (NOTIFICATION, "none"),
        ("new-service", "build"),
        ("helm-chart", "none"),
    ]


def test_a_named_configuration_is_that_of_the_commit_too(
    other_settings: tuple[Checkout, str], erp_build: CommandLine, tmp_path: Path
) -> None:
    erp, _ = other_settings
    words = ("plan", "--repo", erp.root, "--base", "main", "--head", "topic", "--json", "--config")
    assert len(json.loads(erp_build(*words, erp.root / "prod.toml").out)["targets"]) == 3
    (tmp_path / "mine.toml").write_text(f'[[service]]\npath = "{N}"\n', encoding="utf-8")
    assert len(json.loads(erp_build(*words, tmp_path / "mine.toml").out)["targets"]) == 2


def test_a_commit_without_a_configuration_is_planned_by_the_default(
    other_settings: tuple[Checkout, str], erp_build: CommandLine
) -> None:
    erp, _ = other_settings
    document = json.loads(erp_build("plan", "--repo", erp.root, "--base", "HEAD", "--head", "HEAD~1", "--json").out)
    assert [one["name"] for one in document["targets"]] == list(EVERYTHING)


def test_a_mistake_in_the_configuration_of_a_commit_names_the_commit(erp: Checkout, erp_build: CommandLine) -> None:
    bad = erp.commit({"erp-build.toml": "\nshard = []\n"})
    erp.commit({"erp-build.toml": ""})
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD", "--head", bad)
    assert answer.code == 2
    assert f"where: {bad[:12]}:erp-build.toml:2" in answer.err


def test_a_configuration_of_a_commit_that_is_a_link_is_refused(erp: Checkout, erp_build: CommandLine) -> None:
    (erp.root / "erp-build.toml").symlink_to("README.md")
    erp.commit()
    (erp.root / "erp-build.toml").unlink()
    erp.commit({"erp-build.toml": ""})
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD", "--head", "HEAD~1")
    assert answer.code == 2
    assert "the configuration cannot be read" in answer.err
    assert "it has the mode 120000" in answer.err
