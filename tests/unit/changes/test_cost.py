"""Detection asks Git as often for two thousand services as for one."""

from pathlib import Path
from typing import Any

from erp_build.changes.baselines import find_baselines
from erp_build.changes.detect import detect_changes
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import parse_project
from tests.support.git import Checkout


class CountingRepository(GitRepository):
    """Counts the processes that it starts."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.started = 0

    def _run(self, *arguments: str, **more: Any) -> tuple[int, bytes]:
        self.started += 1
        return super()._run(*arguments, **more)


def processes(root: Path, services: int) -> int:
    project = parse_project("".join(f'[[service]]\npath = "backend/s{number}"\n' for number in range(services)))
    repository = CountingRepository(root)
    head = Checkout(root).head()
    found = find_baselines(repository, project, head, live=None, variables={}, base="HEAD~1")
    detect_changes(repository, project, found, head)
    return repository.started


def test_the_number_of_git_processes_does_not_grow_with_the_services(erp: Checkout) -> None:
    erp.commit({"backend/s1/new": "x"})
    assert processes(erp.root, 2000) == processes(erp.root, 1) <= 8


def test_one_comparison_serves_all_targets_with_the_same_baseline(erp: Checkout) -> None:
    base = erp.head()
    head = erp.commit({"backend/s1/new": "x"})
    project = parse_project("".join(f'[[service]]\npath = "backend/s{number}"\n' for number in range(50)))
    repository = CountingRepository(erp.root)
    found = find_baselines(repository, project, head, live=None, variables={}, base=base)
    before = repository.started
    changes = detect_changes(repository, project, found, head)
    assert repository.started - before == 1
    assert [name for name, paths in changes.changes.items() if paths] == ["s1"]
