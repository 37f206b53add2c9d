"""`completion`: a script that completes verbs and options in a shell."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from erp_build.cli.options import CommonOptions, option

if TYPE_CHECKING:
    from erp_build.cli.console import Console

SHELLS = {"bash": "erp-build.bash", "zsh": "_erp-build", "fish": "erp-build.fish"}
"""Shell -> the file of the package, written from the options of all verbs by scripts/completion.py."""

EXAMPLES = """\
examples:
  erp-build completion bash > ~/.local/share/bash-completion/completions/erp-build
  erp-build completion zsh > ~/.zfunc/_erp-build        (with fpath+=~/.zfunc before compinit in .zshrc)
  erp-build completion fish > ~/.config/fish/completions/erp-build.fish
"""


class Options(CommonOptions):
    """The argument of `completion`."""

    shell: str = option("shell", choices=tuple(SHELLS), help="whose script is printed")


def main(options: Options, console: Console) -> None:
    """Print the script."""
    console.print(files("erp_build").joinpath("completion", SHELLS[options.shell]).read_text(encoding="utf-8").rstrip())
