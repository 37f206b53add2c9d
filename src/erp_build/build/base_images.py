"""The images that builds are based on: where they are fetched, with which sign-in, and their digests."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker.engine import Engine
from erp_build.clients.docker.sign_ins import SignIns
from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.mirror import fetched_images, through_mirrors
from erp_build.formats.dockerfile.stages import final_base
from erp_build.formats.image_name import host_of, mirrored
from erp_build.model.images.image import BASE_DIGEST_LABEL, BASE_NAME_LABEL


@dataclass(kw_only=True)
class BaseImages:
    """Fetches base images into the engine.

    Attributes:
        sign_ins: of their registries.
        mirrors: host -> host and prefix of the mirror that its images are fetched from.
    """

    engine: Engine
    sign_ins: SignIns
    mirrors: Mapping[str, str] = field(default_factory=dict)
    _digests: dict[str, str | BuildFailed] = field(default_factory=dict, init=False)

    def digest(self, image: str) -> str:
        """Ask the registry of a base image for its digest, once a run; raises `BuildFailed` if it does not say.

        Where the image has a mirror, the mirror is asked: what it has is what is built on.
        """
        if image not in self._digests:
            name = mirrored(image, self.mirrors)
            try:
                self._digests[image] = self.engine.registry_digest(name, self._sign_in(name))
            except BuildFailed as error:
                self._digests[image] = error
        digest = self._digests[image]
        if isinstance(digest, BuildFailed):
            raise digest
        return digest

    def as_fetched(self, text: str, arguments: Mapping[str, str]) -> str:
        """The Dockerfile with the names under which its images are fetched; `arguments` are those of the build."""
        return through_mirrors(text, self.mirrors, arguments) if self.mirrors else text

    def sign_ins_of(self, text: str) -> dict[str, SignIn]:
        """Host -> sign-in, of every registry that a build fetches from; the text has its arguments as defaults."""
        return self.sign_ins.of_images(mirrored(name, self.mirrors) for name in fetched_images(text))

    def labels(
        self, text: str, known: Iterable[tuple[str, str]], on_line: Callable[[str], None], *, classic: bool
    ) -> dict[str, str]:
        """Give the engine the images that are known by digest, and return the labels of the final base.

        Args:
            text: the Dockerfile.
            known: (name in the Dockerfile, digest).
            on_line: called for each line of a pull.
            classic: whether the classic builder builds it: it pulls as we do here.
        """
        digests = dict(known)
        for image, digest in digests.items():
            # The engine would take what it has under this name, which may be an older one than the key says.
            name = mirrored(image, self.mirrors)
            self.engine.provide(name, digest, self._sign_in(name), on_line)
        base = final_base(text)
        labels = self._base_labels(base, on_line, classic=classic) if base else {}
        return labels | ({BASE_DIGEST_LABEL: digests[base]} if base in digests else {})

    def _base_labels(self, base: str, on_line: Callable[[str], None], *, classic: bool) -> dict[str, str]:
        """The labels that name the base image; none where nobody knows it, because a label stops no build."""
        if "$" in base:
            return {}
        name = mirrored(base, self.mirrors)
        try:
            return {**self.engine.base_labels(name, on_line, self._sign_in(name)), BASE_NAME_LABEL: base}
        except BuildFailed as error:
            if classic:
                # The build would fail at the same pull, and say less about it.
                raise
            on_line(f"no label names the base image {base}: {error.why or error.what}")
            return {}

    def _sign_in(self, image: str) -> SignIn | None:
        return self.sign_ins.of(host_of(image))
