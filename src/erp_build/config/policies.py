"""The `[gate]`, `[[check]]`, `[deploy]` and `[notify]` tables: what blocks a run, what guards it, who is notified."""

from erp_build.config.build_table import named_parameters
from erp_build.config.grammar import NAMES
from erp_build.config.toml_table import Table
from erp_build.model.project import (
    MAX_LOCK_EXPIRES_S,
    MIN_LOCK_EXPIRES_S,
    SEVERITIES,
    UNRATED,
    DeployPolicy,
    GatePolicy,
    NotifyPolicy,
)
from erp_build.model.quality_checks.check import Check

EVENTS = ("failure", "recovery", "success", "approval")

MIN_TRACES_S, MAX_TRACES_S = 10.0, 3600.0
"""Seconds: fewer hold no traces yet, and for so long a run keeps its lock behind the proof at most."""

MIN_BAKE_S, MAX_BAKE_S = 1.0, 4 * 3600.0
"""Seconds: for a day nobody else could deploy."""


def parse_deploy(table: Table) -> DeployPolicy:
    """Read a `[deploy]` table. A lock that lasts too short holds nothing; one that lasts too long outlives its run."""
    lock_expires = table.seconds("lock_expires", DeployPolicy().lock_expires)
    if not MIN_LOCK_EXPIRES_S <= lock_expires <= MAX_LOCK_EXPIRES_S:
        shortest, longest = f"{MIN_LOCK_EXPIRES_S:.0f} seconds", f"{MAX_LOCK_EXPIRES_S / 60:.0f} minutes"
        what = f"`lock_expires` must be between {shortest} and {longest}"
        raise table.error("lock_expires", what, 'write lock_expires = "30s": a run renews its lock all the time')
    traces = table.seconds("traces", 0.0)
    if traces and not MIN_TRACES_S <= traces <= MAX_TRACES_S:
        what = f"`traces` must be between {MIN_TRACES_S:.0f} seconds and {MAX_TRACES_S / 60:.0f} minutes"
        raise table.error("traces", what, 'write traces = "2m": a run waits for so long behind its proof')
    return table.read(DeployPolicy, lock_expires=lock_expires, traces=traces, bake=_bake(table))


def _bake(table: Table) -> float:
    """How long a deployment is watched behind its proof; what is watched besides is refused where nothing is."""
    bake = table.seconds("bake", 0.0)
    if bake and not MIN_BAKE_S <= bake <= MAX_BAKE_S:
        what = f"`bake` must be between {MIN_BAKE_S:.0f} second and {MAX_BAKE_S / 3600:.0f} hours"
        raise table.error("bake", what, 'write bake = "10m": a run holds its lock for so long behind its proof')
    if idle := next((key for key in ("bake_alarms", "bake_http", "bake_command") if key in table and not bake), ""):
        raise table.error(idle, f"`{idle}` counts only while a deployment is watched", 'write bake = "10m" beside it')
    return bake


def parse_gate(table: Table) -> GatePolicy:
    """Read a `[gate]` table.

    A misspelled or contradictory policy is refused, because it would block less than it says. Limits are added to
    what blocks: they replace the default of `block` only for the severity that they name.
    """
    limits = _limits(table)
    default = tuple(severity for severity in GatePolicy().block if severity not in dict(limits))
    block = table.choices("block", SEVERITIES, default)
    for severity, _ in limits:
        if severity in block:
            raise table.error("block", f"{severity} is in `block` and has a limit", "remove one of the two")
    undefined = _undefined(table, {*block, *dict(limits)})
    waivers = table.path("waivers", "")
    return table.read(GatePolicy, block=block, limits=limits, undefined=undefined, waivers=waivers)


def _limits(table: Table) -> tuple[tuple[str, int], ...]:
    given = table.table("limits")
    given.only(*SEVERITIES)
    return tuple((severity, given.number(severity)) for severity in given.names)


def _undefined(table: Table, named: set[str]) -> str:
    """The severity that an unrated finding counts as; refused if `block` or `limits` name unrated findings as well."""
    meant = table.choice("undefined", tuple(name for name in SEVERITIES if name != "UNTRIAGED"), "UNDEFINED")
    if meant != "UNDEFINED" and (both := sorted(named & set(UNRATED))):
        what = f"`undefined` makes {meant} of findings that `block` or `limits` name as {', '.join(both)}"
        raise table.error("undefined", what, "remove one of the two")
    return meant


def parse_check(table: Table) -> Check:
    """Read one `[[check]]` table."""
    check = table.read(
        Check,
        *("name", "maven", "command", "on_failure", "timeout", "services", "reports", "secrets"),
        *("quality_gate", "alone"),
        blocks=table.choice("on_failure", ("block", "warn"), "block") == "block",
        targets=table.texts("services"),
        secrets=named_parameters(table, "secrets"),
    )
    if not NAMES["check"].accepts(check.name):
        raise table.error("name", f"`{check.name}` cannot be the name of a folder", 'such as "checkstyle"')
    if bool(check.maven) == bool(check.command):
        what = f"the check {check.name} needs either `maven` or `command`"
        raise table.error("maven", what, 'maven = ["checkstyle:check"]')
    if not all(map(NAMES["report pattern"].accepts, check.reports)):
        raise table.error("reports", "a report lies below the service's directory", 'such as "target/*.xml"')
    return check


def parse_notify(table: Table) -> NotifyPolicy:
    """Read a `[notify]` table."""
    return table.read(NotifyPolicy, on=table.words("on", EVENTS, NotifyPolicy().on))
