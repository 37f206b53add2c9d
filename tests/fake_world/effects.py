"""The effects on the fakes, noted in a journal as the live ones are."""

from pathlib import Path

from erp_build.domain.image import StoredImage
from erp_build.domain.project import Function, Service
from erp_build.domain.release import FunctionState
from erp_build.errors import BuildFailed, PushFailed
from erp_build.tools.effects import ImageRequest, Journal, UpgradeRequest
from tests.fake_world.functions import FakeFunctions
from tests.fake_world.registry import FakeRegistry
from tests.fake_world.release import FakeRelease


class FakeEffects:
    """Builds images whose content is the source's text, and performs everything else on the fakes."""

    def __init__(self, root: Path, registry: FakeRegistry, functions: FakeFunctions, release: FakeRelease) -> None:
        self.journal = Journal()
        self.broken: set[str] = set()
        self._root = root
        self._registry = registry
        self._functions = functions
        self._release = release

    def package(self, target: Service | Function) -> None:
        """Fail for the targets that a test has broken."""
        with self.journal.note("package", target.name):
            if target.name in self.broken:
                raise BuildFailed("Maven failed", where=target.name, why="COMPILATION ERROR")

    def build_image(self, request: ImageRequest) -> None:
        """Nothing is left of it but the note."""
        with self.journal.note("build_image", request.target.name):
            pass

    def push(self, request: ImageRequest) -> str:
        """Store an image of what the source holds now."""
        with self.journal.note("push", f"{request.repository}:{request.tag}"):
            if request.repository not in self._registry.tags:
                raise PushFailed("the registry refused the image", where=request.repository)
            sources = sorted((self._root / request.target.path).rglob("*.java"))
            content = "".join(path.read_text(encoding="utf-8") for path in sources)
            digest = self._registry.put(request.repository, content, request.commit)
            self._registry.tags[request.repository][request.tag] = digest
            return digest

    def start_scan(self, repository: str, digest: str) -> None:
        """Ask the fake registry for a scan."""
        with self.journal.note("start_scan", f"{repository}@{digest}"):
            self._registry.start_scan(repository, digest)

    def update_function(self, state: FunctionState, image: str) -> None:
        """Begin the update."""
        with self.journal.note("update_function", state.name):
            self._functions.update(state.name, image)

    def write_file(self, path: Path, content: bytes) -> None:
        """Really write it."""
        with self.journal.note("write_file", path.name):
            path.write_bytes(content)

    def upgrade_release(self, request: UpgradeRequest) -> None:
        """Make a new revision."""
        with self.journal.note("upgrade_release", request.release.name):
            self._release.upgrade(request.values, request.description)

    def tag(self, image: StoredImage, tag: str) -> None:
        """Tag the image."""
        with self.journal.note("tag", f"{image.repository}:{tag}"):
            self._registry.put_tag(image, tag)
