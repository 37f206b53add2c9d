"""Reads a repository of somebody else without running what its settings name (docs/decisions/0028).

Git starts programs that the settings of a repository name: `core.fsmonitor`, hooks, filters, `core.sshCommand`,
`remote.*.uploadpack`, and more with each version. A list of them to switch off would never be complete. So Git is given
a directory of ours: it leads to the objects and references of the repository, and its settings are only those that say
where things are.
"""

import re
import weakref
from collections.abc import Iterator
from pathlib import Path

from erp_build.clients.files.private_folder import make_private_folder, remove_private_folder
from erp_build.clients.git.command import GIT_NAME, git_environment, git_folders, run_git
from erp_build.config.read_file import read_file

SHARED = ("objects", "refs", "packed-refs", "reftable", "shallow")
"""What a stand-in leads to: the content of a repository."""

HARMLESS = re.compile(
    r"core\.(bare|repositoryformatversion|filemode|ignorecase|symlinks|precomposeunicode|autocrlf|eol)"
    r"|extensions\.(objectformat|refstorage)|remote\..+\.(url|fetch)|branch\..+\.(remote|merge)|user\.(name|email)",
    re.DOTALL,
)
"""Settings that are taken over. None of them names a program; addresses are limited to `TRANSPORTS`."""

TRANSPORTS = "file:git:http:https:ssh"
"""What a fetch or push may use: no `ext::`, and no helper program that an address names."""

NO_CLEAN_UP = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
"""Git would remove objects that only what is left out here still names, such as the logs of references."""


class StandIn:
    """A Git directory of ours in front of a repository of somebody else. It is removed with this object.

    Args:
        root: of the repository, a real path.

    Raises:
        OSError: the repository or its settings cannot be read.
    """

    def __init__(self, root: str) -> None:
        own, shared = map(Path, git_folders(root))
        self.folder = make_private_folder("erp-build-git-")
        weakref.finalize(self, remove_private_folder, self.folder)
        for place in (*(shared / name for name in SHARED), own / "index"):
            (self.folder / place.name).symlink_to(place.resolve())
        # No link: Git takes a link for a reference by its own text.
        (self.folder / "HEAD").write_bytes(read_file(own / "HEAD"))
        given = self.folder / "given"
        given.write_bytes(read_file(shared / "config"))
        settings = "".join(_written(key, value) for key, value in _settings(given) if HARMLESS.fullmatch(key))
        (self.folder / "config").write_text(NO_CLEAN_UP + settings, encoding="utf-8", errors="surrogateescape")
        work_tree = {"GIT_WORK_TREE": root} if (Path(root) / GIT_NAME).exists() else {}
        ours = {"GIT_DIR": str(self.folder), "GIT_ALLOW_PROTOCOL": TRANSPORTS}
        self.environment = {**git_environment(root), **ours, **work_tree}


def _settings(path: Path) -> Iterator[tuple[str, str]]:
    """All settings of a file, which Git only reads; it follows no `include`."""
    folder = str(path.parent)
    words = ("-C", folder, "config", "--file", str(path), "--no-includes", "--null", "--list")
    _, output, _ = run_git(words, folder, git_environment(folder))
    for entry in output.decode("utf-8", "surrogateescape").split("\0"):
        key, separator, value = entry.partition("\n")
        # A key without a value means true.
        yield key, value if separator else "true"


def _written(key: str, value: str) -> str:
    section, _, rest = key.partition(".")
    subsection, _, name = rest.rpartition(".")
    head = f'[{section} "{_quoted(subsection)}"]' if subsection else f"[{section}]"
    return f'{head}\n\t{name} = "{_quoted(value)}"\n'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
