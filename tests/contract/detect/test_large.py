"""A diff of a hundred thousand files is one comparison like any other."""

from pathlib import Path

from erp_build.changes.replay import replay
from erp_build.changes.rules import Rules
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import default_project
from tests.support.detection import detect
from tests.support.git import Checkout
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION
from tests.support.trees import Files, commit_trees

FILES = 100_000
FOLDERS = ("backend/notification-service", "backend/employee-service", "helm-chart", "docs")


def test_a_hundred_thousand_changed_files_are_all_found(tmp_path: Path) -> None:
    """More than fit into the arguments of a process, and more than a pipe holds, in both directions."""
    folders = [f"{folder}/src/{number}" for number in range(250) for folder in FOLDERS]
    many: Files = {
        f"{folder}/File{number}.java".encode(): ("100644", "one")
        for folder in folders
        for number in range(FILES // len(folders))
    }
    checkout = Checkout.create(tmp_path)
    empty, full, other = commit_trees(
        tmp_path, [{b"README.md": ("100644", "one")}, many, dict.fromkeys(many, ("100755", "one"))]
    )
    checkout.git("symbolic-ref", "HEAD", "refs/heads/trees")

    for base, head in ((empty, full), (full, other)):
        found = detect(tmp_path, base, head)
        assert {name: len(paths) for name, paths in found.changes.items() if paths} == dict.fromkeys(
            (NOTIFICATION, EMPLOYEE, CHART), FILES // 4
        )
        assert len([path for path in found.unowned if path.startswith("docs/")]) == FILES // 4
    project = default_project()
    pairs = [(empty, full), (full, full), (full, empty), (full, other)]
    sizes = [len(item.paths) for item in replay(GitRepository(tmp_path), project, Rules(project), pairs)]
    assert sizes == [FILES + 1, 0, FILES + 1, FILES]
