"""The `[[service]]` tables: services and functions, and how the image of each is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.config.grammar import NAMES
from erp_build.config.read_file import path_below, read_file
from erp_build.errors import BuildFailed
from erp_build.formats.secrets.names import holds_secret
from erp_build.model.packaging import context_of, dockerfile_of, is_maven, within
from erp_build.model.project import Function, Service

if TYPE_CHECKING:
    from pathlib import Path

    from erp_build.config.toml_table import Table

COMMIT_ARGUMENT = "REVISION"
"""The build argument that every build gets: the full commit."""

KEYS = (
    *("name", "path", "kind", "dockerfile", "repository", "inputs", "layers"),
    *("package", "context", "docker_target", "args", "chart"),
)
"""The keys that services and functions share."""


def parse_image_target(table: Table) -> Service | Function:
    """Read one `[[service]]` table."""
    path = table.path("path")
    name = table.text("name", path.rpartition("/")[2])
    table.keep_inside("dockerfile", path, table.text("dockerfile", "Dockerfile"))
    own = {
        "name": name,
        "path": path,
        "repository": table.text("repository", name),
        "context": _context(table, path),
        "args": _arguments(table),
    }
    target: Service | Function
    if table.choice("kind", ("eks", "lambda"), "eks") == "lambda":
        function = table.read(Function, *KEYS, "function", "publish", "alias", **own)
        # An alias points to a version, so one must be published.
        target = function._replace(publish=function.publish or bool(function.alias))
    else:
        values_key = table.text("values_key", default_values_key(name))
        target = table.read(Service, *KEYS, "values_key", **own, values_key=values_key)
    _refuse_contradictions(table, target)
    return target


def read_dockerfile(root: Path, target: Service | Function) -> str:
    """Return the Dockerfile of a target; raises `BuildFailed` where it is not there or is no UTF-8.

    Raises `ConfigurationError` where a link leads it out of the repository.
    """
    where = dockerfile_of(target)
    path = path_below(root, where)
    if not path.is_file():
        raise BuildFailed(
            "there is no Dockerfile", where=where, next_step="add it, or correct `dockerfile` in erp-build.toml"
        )
    content = read_file(path)
    try:
        # A byte order mark of an editor is no part of the first instruction.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BuildFailed(
            "the Dockerfile is not UTF-8",
            where=f"{where}:{line}",
            why=f"byte {content[error.start]:#04x} of the line is no character of UTF-8",
            next_step="save the file as UTF-8: an editor in Korean may have saved it as CP949",
        ) from error


def default_values_key(name: str) -> str:
    """The key in the values file that follows from the name of a service: `services.approvalRequest`."""
    first, *rest = name.removesuffix("-service").split("-")
    return f"services.{first}" + "".join(part.capitalize() for part in rest)


def _context(table: Table, path: str) -> str:
    """The folder that is sent to the builder; empty where it is the service's own, as without the key."""
    given = table.text("context", path)
    context = given if given == "." else given.strip("/")
    return "" if context == path else context


def _arguments(table: Table) -> tuple[tuple[str, str], ...]:
    given = table.texts_by_name("args")
    example = 'args = { SERVICE = "order" }'
    for name, value in given.items():
        if not NAMES["variable"].accepts(name):
            raise table.error("args", f"`{name}` cannot be a build argument", example)
        if name == COMMIT_ARGUMENT:
            raise table.error("args", f"the build argument {name} is always the commit", "give it another name")
        if holds_secret(name, value):
            raise table.error(
                "args",
                f"the build argument {name} holds a secret",
                "give it at run time, as a variable of the deployment",
                why="everybody who can pull the image reads its build arguments",
            )
    return tuple(sorted(given.items()))


def _refuse_contradictions(table: Table, target: Service | Function) -> None:
    """Refuse what only a jar of Maven makes sense with."""
    if target.layers and not is_maven(target):
        why = f"they are layers of a jar that Maven makes, and `package` is `{target.package}`"
        raise table.error("layers", "`layers` needs Maven", "take the line out", why=why)
    if is_maven(target) and within(context_of(target), target.path) is None:
        why = f"Maven makes the jar below {target.path}, which is not in {target.context}"
        step = 'name a folder above it, or write package = "none"'
        raise table.error("context", "the Dockerfile could not copy the jar", step, why=why)
