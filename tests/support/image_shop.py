"""A service whose image is made, a registry with its base image, and an engine."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from erp_build.build.assembly import LocalAssembly
from erp_build.clients.aws.sign_in import SignIn
from erp_build.model.build_options import Builder, BuildOptions
from erp_build.model.project import Service
from tests.fakes.account import FakeProgress
from tests.fakes.oci_registry import PASSWORD, USER, FakeRegistry
from tests.support.assembly import assembly
from tests.support.base_image import NAME, store_runtime
from tests.support.stand_in_engine import StandInEngine

if TYPE_CHECKING:
    from erp_build.clients.aws.registry import EcrRegistry

SERVICE = Service("a", "backend/a", "a", "services.a")
COPY = 'WORKDIR /app\nCOPY app.jar app.jar\nENTRYPOINT ["java", "-jar", "app.jar"]\n'


class Own:
    """The registry that is pushed to."""

    def __init__(self, fake: FakeRegistry) -> None:
        self._fake = fake
        self.forgotten = 0

    def host(self) -> str:
        return self._fake.address.partition("://")[2]

    def sign_in(self) -> SignIn:
        return SignIn(self._fake.address, USER, PASSWORD)

    def forget_sign_in(self) -> None:
        self.forgotten += 1


class Shop:
    """A service, its registry with a base image, and an engine of which nothing needs to be asked."""

    def __init__(self, root: Path, fake: FakeRegistry, engine: StandInEngine) -> None:
        self.root, self.fake, self.engine = root, fake, engine
        self.progress = FakeProgress()
        self.digest = store_runtime(fake)
        self.base = f"{fake.address.partition('://')[2]}/{NAME}:17"

    @property
    def layers(self) -> list[str]:
        """The files in the folder for layers, which nobody else can read."""
        folder = self.root / "scratch" / "images"
        assert folder.stat().st_mode & 0o077 == 0
        return sorted(path.name for path in folder.iterdir())

    def made(self, dockerfile: str = "", builder: Builder = "auto", **options: Any) -> LocalAssembly:
        folder = self.root / SERVICE.path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Dockerfile").write_text(dockerfile or f"FROM {self.base}\n{COPY}", encoding="utf-8")
        (folder / "app.jar").write_bytes(b"a jar")
        return assembly(
            self.root,
            self.root / "scratch",
            registry=cast("EcrRegistry", Own(self.fake)),
            progress=self.progress,
            options=BuildOptions(builder=builder, **options),
        )

    def config_of(self, tag: str = "abc1234") -> dict[str, Any]:
        """The configuration of the image that was pushed."""
        held = self.fake.repositories["erp/a"]
        manifest = json.loads(held.manifests[held.tags[tag]][1])
        found: dict[str, Any] = json.loads(held.blobs[manifest["config"]["digest"]])
        return found
