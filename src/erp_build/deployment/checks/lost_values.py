"""Values that somebody else gave the running release, and that an upgrade with our values file alone would lose."""

from collections.abc import Iterator, Mapping
from typing import Any

from erp_build.changes.live_state import DESCRIPTION, origin_of
from erp_build.clients.site import Site
from erp_build.deployment.chart_values import default_values, given_values
from erp_build.deployment.going_back.proven import since_uninstallation
from erp_build.errors import ConfigurationError

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
    root, chart = site.chart_root, site.project.chart
    lost = sorted(lost_values(given, given_values(root, chart, values), default_values(root, chart)))
    if not lost:
        return
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


def lost_values(given: Values, ours: Values, defaults: Values, above: tuple[str, ...] = ()) -> Iterator[str]:
    """The dotted names of given values that our file does not have, and that are not the chart's defaults either.

    What our file has instead of a mapping has replaced it on purpose.
    """
    for key, value in given.items():
        path = (*above, str(key))
        own, default = ours.get(key, {}), defaults.get(key, ABSENT)
        if isinstance(value, Mapping) and isinstance(own, Mapping):
            yield from lost_values(value, own, default if isinstance(default, Mapping) else {}, path)
        elif key not in ours and default != value:
            yield ".".join(path)
