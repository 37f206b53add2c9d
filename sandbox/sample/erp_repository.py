"""The sample ERP as a Git repository: the same files, authors and times give the same ids every time."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sandbox.errors import SandboxError
from sandbox.paths import ROOT

SOURCE = ROOT / "examples" / "erp"
CONFIG = Path("erp-build.toml")
CHART = Path("helm-chart")
VALUES = CHART / "values-dev.yaml"
DEFAULT_TENANT = "erp"
NONE: Mapping[str, str] = MappingProxyType({})

_FIRST_COMMIT_AT = 1_736_121_600  # 2025-01-06 09:00 in Seoul; every further commit is a minute later
_SETTINGS = (
    "user.name=ERP Developer",
    "user.email=developer@erp.example",
    "commit.gpgsign=false",
    "core.autocrlf=false",
    f"core.excludesFile={os.devnull}",
    f"core.attributesFile={os.devnull}",
)
Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True)
class Sample:
    """A repository of the sample: where it is, whose it is, and the full id of its first commit."""

    root: Path
    tenant: str
    first: str


def make(
    folder: Path, tenant: str = DEFAULT_TENANT, settings: Mapping[str, str] = NONE, values: Mapping[str, str] = NONE
) -> Sample:
    """Copy the sample into a new folder, as a repository on `main` with one commit.

    A tenant other than `erp` gets parameters, image repositories, a function and a namespace of its own, so that
    several samples live side by side in one sandbox.

    Args:
        folder: made anew.
        tenant: its name.
        settings: text of erp-build.toml -> what stands there instead.
        values: text of the values file -> what stands there instead.
    """
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("target", "erp-build-report"))
    # There is no way to Docker Hub: its images lie in the mirror that the file has as an example.
    replace(folder / CONFIG, r"(?m)^# (\[build\.mirrors\].*\n)# ", r"\1")
    _rename(folder / CONFIG, tenant, '"/{}/dev"', '"{}-dev-employee-service"', 'namespace = "{}-dev"')
    for file, texts in ((CONFIG, settings), (VALUES, values)):
        for text, other in texts.items():
            replace(folder / file, re.escape(text), other)
    _rename(folder / VALUES, tenant, ".amazonaws.com/{}/", "namespace: {}-dev")
    return Sample(folder, tenant, begin(folder, "전자결재 ERP: 네 서비스와 헬름 차트"))


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts by their paths in a folder."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def begin(folder: Path, message: str) -> str:
    """Make a folder a repository on `main` with one commit; returns the commit's full id."""
    _git(folder, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
    return commit(folder, message)


def commit(repo: Path, message: str) -> str:
    """Commit everything that changed in the repository; returns the commit's full id."""
    _git(repo, "add", "--all")
    _git(repo, "commit", "--quiet", f"--message={message}", at=_FIRST_COMMIT_AT + 60 * count_commits(repo))
    return _git(repo, "rev-parse", "HEAD")


def commit_edit(repo: Path, path: Path, pattern: str, new: Replacement, message: str) -> str:
    """Commit one edit alone: what a run wrote into the checkout is put back first, as in a developer's own clone."""
    discard_changes(repo)
    replace(repo / path, pattern, new)
    return commit(repo, message)


def replace(file: Path, pattern: str, new: Replacement) -> None:
    """Replace what the pattern finds and no other byte; finding nothing is an error."""
    text, count = re.subn(pattern, new, file.read_bytes().decode())
    if not count:
        raise SandboxError(f"{file} does not hold what was to be changed: {pattern}")
    file.write_bytes(text.encode())


def _rename(file: Path, tenant: str, *places: str) -> None:
    for place in places:
        replace(file, re.escape(place.format(DEFAULT_TENANT)), place.format(tenant))


def discard_changes(repo: Path) -> None:
    """Put back what is not committed."""
    _git(repo, "reset", "--quiet", "--hard")


def count_commits(repo: Path) -> int:
    """How many commits the repository has."""
    return len(_git(repo, "log", "--format=%h", "--all").splitlines())


def _git(repo: Path, *words: str, at: int = _FIRST_COMMIT_AT) -> str:
    """Run git as a fixed author at a fixed time, whatever the user has configured; returns what it printed."""
    done = subprocess.run(
        ("git", *(word for setting in _SETTINGS for word in ("-c", setting)), *words),
        cwd=repo,
        env=_environment(at),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SandboxError(f"git {' '.join(words)} in {repo}: {done.stdout.strip()} {done.stderr.strip()}")
    return done.stdout.strip()


def _environment(at: int) -> dict[str, str]:
    """The environment without git's own variables: a test may run inside a git hook."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": f"{at} +0900",
        "GIT_COMMITTER_DATE": f"{at} +0900",
        "LC_ALL": "C.UTF-8",
    }
