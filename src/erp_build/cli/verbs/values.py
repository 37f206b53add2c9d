"""`values set`: write a tag into a values file, as a run does."""

from pathlib import Path

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions, option
from erp_build.clients.files.edit import edit_file
from erp_build.errors import ConfigurationError
from erp_build.formats.values.file import set_tag

EXAMPLES = """\
examples:
  erp-build values set helm-chart/values-dev.yaml services.notification 1234567
  erp-build values set helm-chart/values-dev.yaml services.notification.image.tag 1234567

Only the bytes of the tag change; it is always double-quoted. Owner, mode and links of the file stay.
"""


class Options(CommonOptions):
    """The arguments of `values set`."""

    verb: str = option("verb", choices=["set"])
    file: Path = option("file", metavar="FILE", type=Path)
    key: str = option("key", metavar="KEY", help="a service's mapping, or the scalar itself")
    tag: str = option("tag", metavar="TAG")


def main(options: Options, console: Console) -> None:
    """Edit the file, or say that it already has this tag."""
    path = options.file
    try:
        changed = edit_file(path, lambda content: set_tag(content, options.key, options.tag, where=str(path)))
    except OSError as error:
        raise ConfigurationError(
            "the values file cannot be edited", where=str(path), why=str(error), next_step="check path and rights"
        ) from error
    console.progress.say(f"{options.key} is now {options.tag}" if changed else "unchanged")
