"""Reads the waiver file. An incomplete row is refused, because nobody would answer for it."""

from pathlib import Path

from erp_build.config.toml_table import Table
from erp_build.model.images.finding import Waiver


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """Read a waiver file; raises `ConfigurationError` if it is missing or invalid."""
    next_step = "correct `waivers` of [gate], or the file: a [[waiver]] table for each finding"
    return waivers_of(Table.of_file(path, "waivers", next_step))


def waivers_of(top: Table) -> tuple[Waiver, ...]:
    """Read waivers from the top table of their file."""
    top.only("waiver")
    waivers: dict[str, Waiver] = {}
    for table in top.tables("waiver"):
        waiver = _waiver(table)
        if waiver.id in waivers:
            next_step = 'name all packages in one row: package = ["openssl", "libssl3"]'
            raise table.error("id", f"two rows for {waiver.id}", next_step)
        waivers[waiver.id] = waiver
    return tuple(waivers.values())


def _waiver(table: Table) -> Waiver:
    table.only("id", "package", "reason", "owner", "until")
    return Waiver(
        id=table.text("id").strip(),
        packages=table.text_or_texts("package"),
        reason=table.text("reason"),
        owner=table.text("owner"),
        until=table.date("until"),
    )
