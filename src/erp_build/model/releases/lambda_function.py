"""A Lambda function as this program sees it."""

from dataclasses import dataclass

from erp_build.model.images.image import ImageReference


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionState:
    """A Lambda function without its environment, which holds secrets.

    Attributes:
        package_type: `Image` or `Zip`.
        image: the image as it was given, `host/repository:tag` or by digest.
        resolved: the image by digest, as Lambda resolved it when the function was last updated.
        architecture: `x86_64` or `arm64`.
        state, last_update, reason: Lambda's `State`, `LastUpdateStatus` and the reason of the latter.
            The reason begins with its code where Lambda gives one.
        revision: `RevisionId`, the guard against a lost update.
        modified: `LastModified`, ISO 8601.
        sha: `CodeSha256`, the guard of a version.
        log_group: where it logs; empty: Lambda does not say.
    """

    name: str
    package_type: str
    image: str = ""
    resolved: str = ""
    architecture: str = "x86_64"
    state: str = ""
    last_update: str = ""
    reason: str = ""
    revision: str = ""
    modified: str = ""
    sha: str = ""
    log_group: str = ""

    @property
    def digest(self) -> str:
        """The digest that runs, or empty when Lambda does not say."""
        return ImageReference.parse(self.resolved).digest
