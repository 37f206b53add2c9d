"""Only those settings of a configuration count that make another image: for the key, and for what a change builds."""

from pathlib import Path
from typing import Any

import pytest

from erp_build.changes.replay import replay
from erp_build.changes.rules import Rules, ignore_of
from erp_build.changes.target_keys import target_keys
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import load_project
from erp_build.model.project import FILE_NAME
from tests.support.cases import rows, table
from tests.support.detection import detect
from tests.support.git import Checkout

TEXT = """\
parameters = "/erp/dev"
shared = ["proto/**"]
[[service]]
path = "backend/a"
repository = "a"
values_key = "services.a"
[[service]]
path = "backend/b"
[[service]]
path = "backend/f"
kind = "lambda"
function = "erp-dev-f"
[chart]
namespace = "erp-dev"
values = "values-dev.yaml"
"""
SAME_NAME = [pytest.param(row, id=row["id"]) for row in rows("key_settings") if "name" not in row]
IMAGES = ("a", "b", "f")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    files = {f"{folder}/App.java": "x\n" for folder in ("backend/a", "backend/b", "backend/f", "proto", "common")}
    return Checkout.create(tmp_path / "r", **files, **{FILE_NAME: TEXT, "helm-chart/values-dev.yaml": "x: 1\n"})


def other(case: dict[str, Any]) -> str:
    assert case.get("old", "") in TEXT
    changed = TEXT.replace(str(case["old"]), str(case["new"])) if "old" in case else TEXT
    return changed + str(case.get("more", ""))


def keys(root: Path, config: Path | None = None) -> dict[str, str]:
    project = load_project(root, config)
    found = target_keys(GitRepository(root), project, "HEAD", project.image_targets)
    return {name: found[name].key for name in IMAGES}


@pytest.mark.parametrize("case", table("key_settings"))
def test_a_key_changes_with_the_settings_that_make_another_image_and_with_no_others(
    checkout: Checkout, case: dict[str, Any]
) -> None:
    before = keys(checkout.root)
    name = case.get("name", FILE_NAME)
    checkout.commit({name: other(case)})
    after = keys(checkout.root, checkout.root / name)
    assert all(after.values())
    assert [target for target in IMAGES if before[target] != after[target]] == case["changes"]


@pytest.mark.parametrize("case", SAME_NAME)
def test_a_commit_builds_what_its_settings_make_otherwise_and_nothing_else(
    checkout: Checkout, case: dict[str, Any]
) -> None:
    base = checkout.head()
    head = checkout.commit({FILE_NAME: other(case)})
    changes = detect(checkout.root, base).changes
    assert [name for name in IMAGES if changes[name]] == case["changes"]
    project = load_project(checkout.root)
    rules = Rules(project, ignore_of(project))
    (replayed,) = replay(GitRepository(checkout.root), project, rules, [(base, head)])
    assert [name for name in IMAGES if name in replayed.changed] == case["changes"]


def test_the_files_of_two_environments_give_equal_keys(checkout: Checkout) -> None:
    prod = TEXT.replace("dev", "prod") + '[gate]\nblock = ["HIGH"]\n[notify]\ntopic = "prod"\n'
    checkout.commit({"erp-build.prod.toml": prod})
    found = keys(checkout.root)
    assert found == keys(checkout.root, checkout.root / "erp-build.prod.toml")
    checkout.commit({"erp-build.prod.toml": prod + '[[check]]\nname = "x"\nmaven = ["verify"]\n'})
    assert found == keys(checkout.root)


@pytest.mark.parametrize("before", ["no TOML [", 'unknown = "key"\n', None])
def test_a_configuration_that_cannot_be_compared_builds_everything(checkout: Checkout, before: str | None) -> None:
    """What it said may have made any image."""
    if before is None:
        (checkout.root / FILE_NAME).unlink()
        base = checkout.commit()
    else:
        base = checkout.commit({FILE_NAME: before})
    head = checkout.commit({FILE_NAME: TEXT})
    changes = detect(checkout.root, base).changes
    assert [name for name in IMAGES if changes[name]] == list(IMAGES)
    project = load_project(checkout.root)
    (replayed,) = replay(GitRepository(checkout.root), project, Rules(project), [(base, head)])
    assert [name for name in IMAGES if name in replayed.changed] == list(IMAGES)


def test_a_configuration_inside_of_a_service_is_a_file_of_it(checkout: Checkout) -> None:
    config = checkout.root / "backend/a/build.toml"
    checkout.commit({"backend/a/build.toml": TEXT})
    before = keys(checkout.root, config)
    checkout.commit({"backend/a/build.toml": f"{TEXT}# a comment\n"})
    after = keys(checkout.root, config)
    assert [name for name in IMAGES if before[name] != after[name]] == ["a"]
