"""Which packagers `package` of a service may name: those of erp_build, and those that a caller of the library gives."""

from collections.abc import Collection, Iterable

from erp_build.config.grammar import NAMES
from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.model.packaging import OWN


def refuse_unknown(named: Iterable[str], given: Iterable[str], where: str) -> None:
    """Raise `ConfigurationError` for a packager that nobody has given.

    Args:
        named: names that services have.
        given: names of the packagers that there are, beside those of erp_build.
        where: the configuration or the service, for the error.
    """
    known = dict.fromkeys((*(one.name for one in OWN), *given))
    for name in dict.fromkeys(named):
        if name not in known:
            raise ConfigurationError(
                f"there is no packager `{name}`",
                where=where,
                why=f"`package` is one of: {', '.join(known)}",
                next_step=did_you_mean(name, known, "give your own with main(packagers=...): docs/library.md"),
            )


def require_names(names: Collection[str]) -> None:
    """Raise `ConfigurationError` unless packagers of a caller have names of their own that `package` may have."""
    taken = {one.name for one in OWN}
    for name in names:
        if not NAMES["packager"].accepts(name) or name in taken:
            raise ConfigurationError(
                f"no packager of your own can be called `{name}`",
                where="packagers=",
                why=f"there is one of this name, or it is not {NAMES['packager'].words}",
                next_step='such as name = "gradle"',
            )
        taken.add(name)
