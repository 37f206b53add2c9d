"""A real repository in a temporary folder, with short words for what a test does to it."""

import os
import subprocess
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.invalid",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Checkout:
    """A work tree whose commits a test makes; the user's own Git configuration plays no part."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def create(cls, root: Path, **files: str) -> "Checkout":
        """A new repository; with files, they are its first commit."""
        root.mkdir(parents=True, exist_ok=True)
        checkout = cls(root)
        checkout.git("init", "--quiet", "--initial-branch=main")
        if files:
            checkout.commit(files)
        return checkout

    def git(self, *arguments: str | bytes) -> str:
        """Run git here and return what it prints."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env={**inherited, **IDENTITY}, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return os.fsdecode(done.stdout).strip()

    def write(self, path: str | bytes, content: str = "x\n") -> None:
        """Write a file, and the folders above it."""
        full = os.path.join(os.fsencode(self.root), os.fsencode(path))  # noqa: PTH118 - a name may be no UTF-8
        os.makedirs(os.path.dirname(full), exist_ok=True)  # noqa: PTH103, PTH120 - as above
        with open(full, "wb") as file:  # noqa: PTH123 - as above
            file.write(content.encode())

    def commit(self, files: dict[str, str] | None = None, message: str = "change") -> str:
        """Write files, commit everything, and return the commit."""
        for path, content in (files or {}).items():
            self.write(path, content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.head()

    def head(self) -> str:
        """The full commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    def clone_to(self, folder: Path, *options: str) -> "Checkout":
        """Clone over `file://`, as from a remote that serves any commit by its id."""
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.git("clone", "--quiet", *options, f"file://{self.root}", str(folder))
        return Checkout(folder)
