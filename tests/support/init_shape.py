"""A repository of a shape, for which `init` writes a file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from erp_build.config.load import load_project
from erp_build.model.project import Project
from tests.support.cli import CommandLine
from tests.support.git import Checkout

FILE = "erp-build.toml"


class Shape:
    """A repository whose file `init` writes, and whose plan is asked for."""

    def __init__(self, root: Path, erp_build: CommandLine, files: Mapping[str, str]) -> None:
        self.checkout = Checkout.create(root, **files)
        self.erp_build = erp_build

    def written(self) -> str:
        """The text of the file that `init --write` writes."""
        answer = self.erp_build("init", "--repo", self.checkout.root, "--write")
        assert answer.code == 0, answer.err
        text = (self.checkout.root / FILE).read_text(encoding="utf-8")
        assert answer.out == text
        self.checkout.commit()
        return text

    def project(self) -> Project:
        """What a run reads of it."""
        return load_project(self.checkout.root)

    def planned(self, *paths: str) -> set[str]:
        """The targets that a change of these paths builds or deploys."""
        for path in paths:
            old = self.checkout.root / path
            self.checkout.write(path, f"{old.read_text(encoding='utf-8') if old.exists() else ''}\n")
        self.checkout.commit()
        answer = self.erp_build("plan", "--repo", self.checkout.root, "--base", "HEAD~1", "--json")
        assert answer.code == 0, answer.err
        targets: list[dict[str, Any]] = json.loads(answer.out)["targets"]
        return {target["name"] for target in targets if target["action"] != "none"}
