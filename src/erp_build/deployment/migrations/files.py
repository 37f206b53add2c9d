"""Files of Flyway and Liquibase that differ: the target that has them migrates its database when it starts.

They are found where Spring Boot looks for them by default. Those of another place are not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.formats.printable import few_names

if TYPE_CHECKING:
    from erp_build.model.plan import Plan
    from erp_build.model.releases.preview import Migration

PLACES = ("/db/migration/", "/db/changelog/")
"""Where Flyway and Liquibase have their files, on the class path."""

OF_TESTS = "/src/test/"


def started_migrations(plan: Plan) -> tuple[Migration, ...]:
    """The services and functions of a plan that get an image with other migration files than they run."""
    found = {}
    for step in plan.steps:
        files = [reason.path for reason in step.because if reason.path and is_migration_file(reason.path)]
        if files and step.action in ("build", "reuse"):
            found[step.target.name] = few_names([one.rpartition("/")[2] for one in files])
    if not found:
        return ()
    # Only here: an offline plan loads none of the values of releases otherwise.
    from erp_build.model.releases.preview import Migration

    return tuple(Migration(name, "start", files) for name, files in found.items())


def is_migration_file(path: str) -> bool:
    """Whether a target runs a file of this path when it starts."""
    rooted = f"/{path}"
    return OF_TESTS not in rooted and any(place in rooted for place in PLACES)
