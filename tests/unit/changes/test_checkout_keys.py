"""The key of a target is that of the clean tree, or there is none and it is said why: case by case, with real Git."""

from pathlib import Path
from typing import Any

import pytest

from erp_build.changes.target_keys import TargetKey, target_keys
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import load_project
from tests.support.cases import rows, table
from tests.support.checkout_states import committed, disturbed, fresh_clone, without_git
from tests.support.git import Checkout
from tests.support.samples import CHART, NOTIFICATION

N = "backend/notification-service"
UNDISTURBED = [
    pytest.param(row, id=row["id"]) for row in rows("checkout_keys") if "doubt" not in row and "submodule" not in row
]


def key_of(root: Path, head: str = "HEAD", name: str = NOTIFICATION) -> TargetKey:
    project = load_project(root)
    targets = [target for target in project.targets if target.name == name]
    return target_keys(GitRepository(root), project, head, targets)[name]


@pytest.mark.parametrize("case", table("checkout_keys"))
def test_a_key_is_that_of_the_clean_tree_or_there_is_none_and_it_is_said_why(
    erp: Checkout, case: dict[str, Any], tmp_path: Path
) -> None:
    head = committed(erp, case, tmp_path / "module")
    disturbed(erp, case)
    found = key_of(erp.root, head)
    if "doubt" in case:
        assert found.key == ""
        assert any(case["doubt"] in doubt for doubt in found.doubts), found.doubts
        assert found.is_dirty == case["dirty"]
        assert any(doubt in found.warning(load_project(erp.root).services[2]) for doubt in found.doubts)
    else:
        clean = key_of(fresh_clone(erp, case, tmp_path / "clean").root, head)
        assert found == clean
        assert (clean.doubts, clean.is_dirty) == ((), False)
        assert clean.key


@pytest.mark.parametrize("case", UNDISTURBED)
def test_a_source_without_git_has_the_same_key(erp: Checkout, case: dict[str, Any], tmp_path: Path) -> None:
    head = committed(erp, case, tmp_path / "module")
    disturbed(erp, case)
    assert key_of(without_git(erp, tmp_path / "zip")) == key_of(erp.root, head)


def test_a_pointer_of_git_lfs_has_no_key_without_git(erp: Checkout, tmp_path: Path) -> None:
    erp.write(f"{N}/src/model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 6\n")
    found = key_of(without_git(erp, tmp_path / "zip"))
    assert found.key == ""
    assert "src/model.bin is a pointer of Git LFS" in found.doubts[0]


def test_a_link_that_leads_outside_has_no_key_without_git(erp: Checkout, tmp_path: Path) -> None:
    (erp.root / N / "src" / "out").symlink_to("/etc/hostname")
    assert "leads out of the repository" in key_of(without_git(erp, tmp_path / "zip")).doubts[0]


def test_other_line_ends_have_another_key_without_git(erp: Checkout, tmp_path: Path) -> None:
    """Nothing says there what Git would have made of the file."""
    erp.commit({f"{N}/.gitattributes": "*.cmd text eol=crlf\n", f"{N}/mvnw.cmd": "a\n"})
    zipped = key_of(without_git(erp, tmp_path / "zip"))
    clone = fresh_clone(erp, {}, tmp_path / "clean")
    assert zipped.key
    assert key_of(clone.root).key not in ("", zipped.key)


def test_a_committed_file_in_an_output_folder_counts_with_and_without_git(erp: Checkout, tmp_path: Path) -> None:
    before = key_of(erp.root).key
    erp.commit({f"{N}/target/x": "x\n"})
    after = key_of(erp.root).key
    assert after not in ("", before)
    assert key_of(without_git(erp, tmp_path / "zip")).key == after


def test_what_another_commit_has_is_compared_with_that_commit(erp: Checkout) -> None:
    """`run --head` of a commit that is not checked out would build other files."""
    before = erp.head()
    erp.commit({f"{N}/pom.xml": "<project/>\n"})
    found = key_of(erp.root, before)
    assert (found.key, found.is_dirty) == ("", True)


def test_a_setting_of_maven_counts_from_the_nearest_folder_that_has_one(erp: Checkout) -> None:
    plain = key_of(erp.root).key
    erp.commit({".mvn/maven.config": "-T1\n"})
    above = key_of(erp.root).key
    erp.commit({f"{N}/.mvn/jvm.config": "-Xmx1g\n"})
    own = key_of(erp.root).key
    assert len({plain, above, own}) == 3
    erp.commit({".mvn/maven.config": "-T2\n"})
    assert key_of(erp.root).key == own


def test_attributes_of_a_folder_above_count_for_what_lies_below(erp: Checkout) -> None:
    before = key_of(erp.root).key
    erp.commit({"docs/.gitattributes": "* text\n", "backend/employee-service/.gitattributes": "* text\n"})
    assert key_of(erp.root).key == before
    erp.commit({"backend/.gitattributes": "* text\n"})
    assert key_of(erp.root).key != before


def test_tags_that_a_deployment_wrote_are_no_change_of_the_chart(erp: Checkout) -> None:
    whole = "services:\n" + "".join(
        f'  {service.values_key.partition(".")[2]}:\n    image:\n      repository: r\n      tag: "TAG"\n'
        for service in load_project(erp.root).services
    )
    erp.commit({"helm-chart/values-dev.yaml": whole.replace("TAG", "abc1234")})
    clean = key_of(erp.root, name=CHART)
    erp.write("helm-chart/values-dev.yaml", whole.replace("TAG", "def5678"))
    assert key_of(erp.root, name=CHART) == clean
    erp.write("helm-chart/values-dev.yaml", whole.replace("TAG", "def5678") + "replicas: 3\n")
    assert key_of(erp.root, name=CHART).is_dirty
