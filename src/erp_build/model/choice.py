"""The targets that a run may deploy, as `--only` and `--except` choose them. Without either, all of them."""

from collections.abc import Iterable
from typing import NamedTuple

from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.model.project import Project

ONLY, EXCEPT = "--only", "--except"


class Choice(NamedTuple):
    """Which targets are chosen, by name.

    Attributes:
        only: those that were named; empty: all.
        without: those that are left out, also where `only` names them.
    """

    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.only and not self.without

    def left_out_by(self, name: str) -> str:
        """The option that leaves a target out; empty: it is chosen."""
        if name in self.without:
            return EXCEPT
        return ONLY if self.only and name not in self.only else ""

    def has(self, name: str) -> bool:
        """Whether a target is chosen."""
        return not self.left_out_by(name)


EVERYTHING = Choice()


def choice_of(project: Project, only: Iterable[str] = (), without: Iterable[str] = ()) -> Choice:
    """The choice of these names, of services, functions and the chart.

    Raises `ConfigurationError` for a name that no target has, and where nothing is left to be deployed.
    """
    choice = Choice(frozenset(only), frozenset(without))
    if choice.is_everything:
        return choice
    names = [target.name for target in project.targets]
    for option, given in ((ONLY, choice.only), (EXCEPT, choice.without)):
        for name in sorted(given.difference(names)):
            raise ConfigurationError(
                f"{option} {name}: there is no such target",
                where="the command line",
                next_step=did_you_mean(name, names, f"one of: {', '.join(names)}"),
            )
    if not any(choice.has(name) for name in names):
        raise ConfigurationError(
            "every target is left out",
            where="the command line",
            why=f"{ONLY} and {EXCEPT} together leave nothing to deploy",
            next_step="name at least one target that may be deployed",
        )
    return choice
