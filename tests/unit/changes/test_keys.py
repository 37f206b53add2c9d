"""Content keys: the same for the same files with and without Git, another for anything that makes another image."""

import shutil
from pathlib import Path

import pytest

from erp_build.changes.content_key import KEY_HEX_DIGITS, content_key
from erp_build.changes.rules import Rules, ignore_of
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import load_project
from erp_build.model.project import Project
from tests.support.git import Checkout
from tests.support.samples import CHART, EMPLOYEE, EVERYTHING, NOTIFICATION, PROCESSING, REQUEST

N = "backend/notification-service"
IMAGES = {REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE}


def keys(root: Path, project: Project | None = None) -> dict[str, str]:
    """The keys of what lies here: of HEAD where there is Git, else of the files."""
    used = project or load_project(root)
    rules = Rules(used, ignore_of(used))
    files = list(GitRepository(root).source_files("HEAD"))
    return {
        target.name: content_key(target, [file for file in files if target.name in rules.owners(file.path)])
        for target in used.targets
    }


def without_git(checkout: Checkout, folder: Path) -> Path:
    """The files of HEAD as CodePipeline's zip has them."""
    shutil.copytree(checkout.root, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    return folder


def differing(old: dict[str, str], new: dict[str, str]) -> set[str]:
    return {name for name in old if old[name] != new[name]}


def test_a_key_is_hex_and_another_for_each_target(erp: Checkout) -> None:
    found = keys(erp.root)
    assert set(found) == set(EVERYTHING)
    assert len(set(found.values())) == len(found)
    assert all(len(key) == KEY_HEX_DIGITS and int(key, 16) for key in found.values())


def test_the_same_files_have_the_same_key_with_and_without_git(erp: Checkout, tmp_path: Path) -> None:
    erp.write(b"backend/notification-service/\xb0\xa1.java")
    erp.write(f"{N}/two words 설계\n.java")
    erp.write(f"{N}/run.sh")
    (erp.root / N / "run.sh").chmod(0o755)
    (erp.root / N / "link").symlink_to("run.sh")
    (erp.root / N / "folder").symlink_to("src")
    (erp.root / N / "dangling").symlink_to("설계")
    erp.write("backend/employee-service/target/kept.txt")
    erp.commit()
    (erp.root / "backend/employee-service/pom.xml").unlink()
    erp.commit()
    assert keys(without_git(erp, tmp_path / "zip")) == keys(erp.root)


def test_what_maven_made_is_no_part_of_a_key_without_git(erp: Checkout, tmp_path: Path) -> None:
    folder = without_git(erp, tmp_path / "zip")
    (folder / N / "target" / "classes").mkdir(parents=True)
    (folder / N / "target" / "app.jar").write_text("x", encoding="utf-8")
    assert keys(folder) == keys(erp.root)


@pytest.mark.parametrize(
    ("edit", "targets"),
    [
        pytest.param({f"{N}/src/App.java": "other"}, {NOTIFICATION}, id="content"),
        pytest.param({f"{N}/src/New.java": "x"}, {NOTIFICATION}, id="a new file"),
        pytest.param({f"{N}/Dockerfile": "FROM other"}, {NOTIFICATION}, id="the Dockerfile"),
        pytest.param({"backend/proto/a.proto": "other"}, IMAGES, id="a shared input"),
        pytest.param({"helm-chart/values-dev.yaml": "other"}, {CHART}, id="the chart"),
        pytest.param({"README.md": "other"}, set(), id="nobody's file"),
    ],
)
def test_a_key_changes_with_its_inputs(erp: Checkout, edit: dict[str, str], targets: set[str]) -> None:
    before = keys(erp.root)
    erp.commit(edit)
    assert differing(before, keys(erp.root)) == targets


def test_a_key_changes_with_the_executable_bit(erp: Checkout) -> None:
    before = keys(erp.root)
    erp.git("update-index", "--chmod=+x", f"{N}/pom.xml")
    erp.git("commit", "--quiet", "--message", "mode")
    assert differing(before, keys(erp.root)) == {NOTIFICATION}


def test_a_key_changes_with_a_path(erp: Checkout) -> None:
    before = keys(erp.root)
    erp.git("mv", f"{N}/src/App.java", f"{N}/src/Moved.java")
    erp.commit()
    assert differing(before, keys(erp.root)) == {NOTIFICATION}


def test_a_key_changes_when_a_file_becomes_a_link_with_the_same_content(erp: Checkout) -> None:
    erp.commit({f"{N}/link": "pom.xml"})
    before = keys(erp.root)
    (erp.root / N / "link").unlink()
    (erp.root / N / "link").symlink_to("pom.xml")
    erp.commit()
    assert differing(before, keys(erp.root)) == {NOTIFICATION}


def test_a_key_changes_with_the_name_of_the_dockerfile(erp: Checkout) -> None:
    project = load_project(erp.root)
    services = tuple(service._replace(dockerfile="Dockerfile.prod") for service in project.services)
    found = differing(keys(erp.root), keys(erp.root, project._replace(services=services)))
    assert found == {service.name for service in services}


def test_a_key_is_the_same_again_after_a_revert_and_on_another_branch(erp: Checkout) -> None:
    before = keys(erp.root)
    erp.commit({f"{N}/new": "x"})
    erp.git("revert", "--no-edit", "HEAD")
    assert keys(erp.root) == before
    erp.git("checkout", "--quiet", "--orphan", "other")
    erp.commit()
    assert keys(erp.root) == before


def test_an_ignored_file_is_no_part_of_a_key(erp: Checkout) -> None:
    project = load_project(erp.root)._replace(ignore=("*.md",))
    before = keys(erp.root, project)
    erp.commit({f"{N}/README.md": "x"})
    assert keys(erp.root, project) == before
