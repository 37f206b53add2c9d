"""Values that somebody else gave the running release, and that an upgrade with our values file alone would lose."""

from collections.abc import Iterator, Mapping
from typing import Any

from erp_build.changes.live_state import DESCRIPTION, origin_of
from erp_build.clients.site import Site
from erp_build.config.read_file import read_file
from erp_build.deployment.chart_values import given_values
from erp_build.deployment.going_back.proven import since_uninstallation
from erp_build.errors import ConfigurationError, ReleaseFailed
from erp_build.formats.yaml_reader import yaml_reader

MAX_NAMED = 20
"""Values that are named."""

ABSENT = object()
Values = Mapping[str, Any]


def require_kept_values(site: Site, values: bytes) -> None:
    """Raise `ConfigurationError` for values of the running release that would be lost without a word.

    An upgrade resets the values to those of the file. What an earlier run has deployed had the file of its commit, so a
    value that is not there any more was taken out. What somebody else has deployed may have had further files.

    Args:
        site: its release.
        values: what will be deployed, of the last values file.
    """
    history = since_uninstallation(site.clients.helm.history(site.release))
    if not history or DESCRIPTION.search(origin_of(history[-1], history).description):
        return
    given = site.clients.helm.given_values(site.release)
    ours = given_values(site.clients.repository.root, site.project.chart, values)
    lost = sorted(lost_values(given, ours, _defaults(site)))
    if not lost:
        return
    chart = site.project.chart
    names = "\n".join([*lost[:MAX_NAMED], *([f"and {len(lost) - MAX_NAMED} more"] if len(lost) > MAX_NAMED else [])])
    if chart.lost_values == "drop":
        site.say(f"warning: {len(lost)} values of the running release are dropped: {', '.join(names.splitlines())}")
        return
    raise ConfigurationError(
        f"{len(lost)} values of the running release would be lost",
        where=f"{site.release}, and {chart.path}/{chart.values}",
        why=f"it was installed with values that the file does not have:\n{names}",
        next_step=f"helm get values {site.release.name} --namespace {site.release.namespace} shows them: write them "
        'into the file; or lost_values = "drop" in [chart], if nobody needs them any more',
    )


def lost_values(given: Values, ours: Values, defaults: Values) -> Iterator[str]:
    """The dotted names of given values that our file does not have, and that are not the chart's defaults either."""
    for path, value in _leaves(given, ()):
        if _at(ours, path) is ABSENT and _at(defaults, path) != value:
            yield ".".join(path)


def _leaves(values: Values, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        path = (*above, str(key))
        if isinstance(value, Mapping):
            yield from _leaves(value, path)
        else:
            yield path, value


def _at(values: Any, path: tuple[str, ...]) -> Any:
    """The value of a path. Something else than a mapping on the way there has replaced it, and counts as the value."""
    for key in path:
        if not isinstance(values, Mapping):
            return values
        values = next((value for name, value in values.items() if str(name) == key), ABSENT)
        if values is ABSENT:
            return ABSENT
    return values


def _defaults(site: Site) -> Values:
    """The chart's own values; none where it has none."""
    try:
        return _parsed(read_file(site.clients.repository.root / site.project.chart.path / "values.yaml"))
    except OSError:
        return {}


def _parsed(content: bytes) -> Values:
    from ruamel.yaml.error import YAMLError

    try:
        found = yaml_reader("safe").load(content)
    except (YAMLError, RecursionError):
        # Without the message of the reader, which may quote a secret.
        raise ReleaseFailed(
            "values cannot be read", where="helm", why="they are not YAML 1.2", next_step="helm lint names the line"
        ) from None
    return found if isinstance(found, Mapping) else {}
