"""The packagers of a run: each service is packaged by the one that its `package` names."""

from collections.abc import Iterable, Sequence

from erp_build.build.packagers.maven import MavenPackager
from erp_build.build.packagers.none import NoPackager
from erp_build.build.packagers.protocol import Packager
from erp_build.build.packagers.workbench import Workbench
from erp_build.clients.effects import OnPackaged
from erp_build.config.packager_names import refuse_unknown, require_names
from erp_build.config.read_file import path_below
from erp_build.errors import BuildFailed, ErpBuildError, combine, told
from erp_build.model.project import Function, Service


class Packagers:
    """Maven, none, and what a caller of the library has given.

    Args:
        maven: the one of erp_build.
        others: packagers of the caller's own.
        bench: where they work.
    """

    def __init__(self, maven: MavenPackager, others: Iterable[Packager], bench: Workbench) -> None:
        others = tuple(others)
        require_names([one.name for one in others])
        self.maven = maven
        self._bench = bench
        # Maven last: what needs less time does not wait for it.
        self._by_name: dict[str, Packager] = {one.name: one for one in (NoPackager(), *others, maven)}

    def require_packable(self, targets: Iterable[Service | Function]) -> None:
        """Raise one of our errors if what packages a target is not known, or lacks something."""
        for target in targets:
            refuse_unknown([target.package], self._by_name, target.name)
            self._by_name[target.package].require_packable(path_below(self._bench.root, target.path))

    def package(self, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        """Package all targets; raises `BuildFailed` that names everything that failed, after everything else."""
        failed: list[BuildFailed] = []
        for name, packager in self._by_name.items():
            if own := [target for target in targets if target.package == name]:
                failed += self._failures(packager, own, on_packaged)
        if failed:
            error = combine(tuple(failed))
            assert isinstance(error, BuildFailed)
            error.targets = frozenset(name for one in failed for name in one.targets)
            raise error

    def _failures(
        self, packager: Packager, targets: Sequence[Service | Function], on_packaged: OnPackaged
    ) -> list[BuildFailed]:
        made: set[str] = set()

        def note(name: str, seconds: float) -> None:
            made.add(name)
            on_packaged(name, seconds)

        names = frozenset(target.name for target in targets)
        try:
            packager.package(self._bench, targets, note)
        except BuildFailed as error:
            error.targets |= names - made
            return [error]
        except ErpBuildError:
            raise
        except Exception as error:
            # A mistake of the caller's own packager is none of erp_build.
            if isinstance(packager, MavenPackager | NoPackager):
                raise
            return [_broken(packager, names - made, told(error))]
        missing = names - made
        return [_broken(packager, missing, "it did not call `on_packaged` for them")] if missing else []


def _broken(packager: Packager, names: frozenset[str], why: str) -> BuildFailed:
    error = BuildFailed(
        f"the packager {packager.name} failed",
        where=", ".join(sorted(names)),
        why=why,
        next_step=f"look at the method `package` of {type(packager).__name__}",
    )
    error.targets = names
    return error
