"""Builds what a chart's lock file asks for, into a copy: the checkout stays as it is.

Helm builds from repositories that it was told of, so the copy's Helm has settings of its own, with those of the lock.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from erp_build.clients.files.private_folder import private_folder
from erp_build.clients.helm.calls import call_helm, raise_for_failure
from erp_build.clients.helm.chart_files import (
    CHART_FILE,
    LOCAL,
    REMOTE,
    Dependency,
    local_folder,
    locked_dependencies,
    missing_dependencies,
    stated_dependencies,
)
from erp_build.errors import ReleaseFailed
from erp_build.formats.printable import one_line

LONGEST_WHY = 500
"""Characters that are shown of what could not be copied."""


class CompleteCharts:
    """Charts with all that they depend on, copied into a folder where the checkout lacks something of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Path, Path] = {}

    def complete(self, chart: Path) -> Path:
        """The chart itself, or its copy with its dependencies; raises `ReleaseFailed` where one cannot be had."""
        missing = missing_dependencies(chart)
        if not missing:
            return chart
        if chart not in self._made:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(prefix="chart-", dir=self._folder))
            self._made[chart] = _built(chart, missing, place)
        return self._made[chart]


@contextmanager
def complete_chart(chart: Path) -> Iterator[Path]:
    """Provide a chart with its dependencies for the time of the block."""
    with private_folder("erp-build-chart-") as folder:
        yield CompleteCharts(folder).complete(chart)


def _built(chart: Path, missing: Sequence[Dependency], place: Path) -> Path:
    locked = locked_dependencies(chart)
    _require_known(chart, missing, is_locked=bool(locked))
    wanted = locked or stated_dependencies(chart)
    copy = _copied(chart, [folder for one in wanted if (folder := local_folder(chart, one))], place / "chart")
    settings = {
        "HELM_REPOSITORY_CONFIG": str(place / "repositories.yaml"),
        "HELM_REPOSITORY_CACHE": str(place / "cache"),
    }
    remote = sorted({one.repository for one in wanted if one.repository.startswith(("https://", "http://"))})
    for number, repository in enumerate(remote):
        done = call_helm(["repo", "add", "--", f"r{number}", repository], f"reading of {repository}", settings=settings)
        raise_for_failure(done, "a repository of the chart's dependencies cannot be read", repository)
    done = call_helm(["dependency", "build", "--", str(copy)], f"dependencies of {chart.name}", settings=settings)
    raise_for_failure(done, "the dependencies of the chart cannot be built", str(chart))
    return copy


def _require_known(chart: Path, missing: Sequence[Dependency], *, is_locked: bool) -> None:
    """Refuse what only another machine knows, and versions that nobody has fixed."""
    names = ", ".join(f"{one.name} {one.version}" for one in missing)
    if not is_locked and not all(one.repository.startswith(LOCAL) for one in missing):
        raise ReleaseFailed(
            "the chart has dependencies that no lock file names",
            where=str(chart),
            why=f"charts/ lacks {names}, and without Chart.lock the next run could get other versions",
            next_step=f"helm dependency update {chart.name}, then commit Chart.lock (charts/ need not be committed)",
        )
    for one in missing:
        if not one.repository.startswith((LOCAL, *REMOTE)):
            raise ReleaseFailed(
                "the chart has a dependency that cannot be found",
                where=str(chart),
                why=f"charts/ lacks {one.name} {one.version}, and its repository is {one.repository or 'not named'}",
                next_step="write the address of its repository (https://, oci:// or file://) into Chart.yaml, "
                "helm dependency update, then commit Chart.lock",
            )


def _copied(chart: Path, others: Sequence[Path], place: Path) -> Path:
    """Copy a chart and the charts beside it, as they lie to each other."""
    found = {folder: Path(os.path.normpath(folder.absolute())) for folder in (chart, *others)}
    above = Path(os.path.commonpath([path.parent for path in found.values()]))
    for folder in others:
        if not (folder / CHART_FILE).is_file():
            raise ReleaseFailed(
                "a chart that the chart depends on is not there",
                where=str(found[folder]),
                why=f"{chart.name} names it with file://",
                next_step="correct `repository` in Chart.yaml",
            )
    try:
        for path in found.values():
            shutil.copytree(path, place / path.relative_to(above), dirs_exist_ok=True, ignore_dangling_symlinks=True)
    except OSError as error:
        # A pipe or a file without rights; shutil's error lists every one of them.
        raise ReleaseFailed(
            "the chart cannot be copied to build its dependencies",
            where=str(chart),
            why=one_line(str(error))[:LONGEST_WHY],
            next_step="keep nothing but the chart's files in its folder",
        ) from error
    return place / found[chart].relative_to(above)
