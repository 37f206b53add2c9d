"""Writes erp_build into a user's repository: `python scripts/vendor.py DIR` (or `make vendor INTO=DIR`).

DIR/ci gets the wheel of this source and a lock file with the hashes of everything that a run imports, the wheel's own
among them. The user's buildspec installs from it, at the root of DIR.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "run.lock"
PACKAGED = ("pyproject.toml", "README.md", "LICENSE", "src")
"""What the wheel is made of; copied aside, so that leftovers of an earlier build cannot get into it."""

VERSION = re.compile(r'(?m)^version = "([^"+]+)"$')
"""The version in pyproject.toml; the wheel's has the source's hash behind it, so that pip takes it for another one than
that of the build image, whatever that has installed."""

FIXED_TIME = "1735689600"
"""2025-01-01: the time of every file in the wheel, so that the same source makes the same hash."""


def vendor(repository: Path) -> Path:
    """Write `ci/` in a repository anew and return the lock file."""
    folder = repository / "ci"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("erp_build-*.whl"):
        old.unlink()
    wheel = build_wheel(folder)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = folder / "erp-build.lock"
    own = f"./ci/{wheel.name} \\\n    --hash=sha256:{digest}\n"
    lock.write_text(LOCK.read_text(encoding="utf-8") + own, encoding="utf-8", newline="\n")
    return lock


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this source into a folder and return it."""
    with tempfile.TemporaryDirectory() as temporary:
        source, built = Path(temporary, "source"), Path(temporary, "built")
        source.mkdir()
        for name in PACKAGED:
            _copy(ROOT / name, source / name)
        _label(source)
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir",
             "--wheel-dir", str(built), str(source)],
            env={**os.environ, "SOURCE_DATE_EPOCH": FIXED_TIME},
            check=True,
        )  # fmt: skip
        (wheel,) = built.glob("erp_build-*-py3-none-any.whl")
        return Path(shutil.move(wheel, folder / wheel.name))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    else:
        shutil.copy(source, target)


def _label(source: Path) -> None:
    """Put the source's hash behind the version, as a local version label."""
    digest = hashlib.sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(source)}\0".encode() + path.read_bytes())
    project = source / "pyproject.toml"
    text = VERSION.sub(rf'version = "\1+{digest.hexdigest()[:8]}"', project.read_text(encoding="utf-8"), count=1)
    project.write_text(text, encoding="utf-8")


def main() -> int:
    """Write `ci/` in the repository that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", metavar="DIR", type=Path, help="the root of the repository that uses erp_build")
    repository: Path = parser.parse_args().repository
    if not repository.is_dir():
        parser.error(f"{repository} is not a directory")
    lock = vendor(repository)
    print(f"wrote {lock} and the wheel beside it; commit both")
    return 0


if __name__ == "__main__":
    sys.exit(main())
