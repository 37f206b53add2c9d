"""Reads the `[[build.allow]]` tables: what of a Dockerfile is meant as it is. A row without a reason is refused."""

from erp_build.config.toml_table import Table
from erp_build.model.build_options import FINDINGS, Allowance


def allowances_of(build: Table) -> tuple[tuple[str, str, str, tuple[str, ...]], ...]:
    """Read the rows of the `[build]` table, as plain tuples: the compiled project has no others."""
    rows = map(_allowance, build.tables("allow"))
    return tuple((row.finding, row.name, row.reason, row.services) for row in rows)


def _allowance(table: Table) -> Allowance:
    finding = table.choice("finding", FINDINGS, "") if "finding" in table else table.text("finding")
    table.only(*Allowance._fields)
    return Allowance(finding, table.text("name"), table.text("reason"), table.texts("services"))
