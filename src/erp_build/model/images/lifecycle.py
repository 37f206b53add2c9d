"""Lifecycle policies of image repositories in ECR, and the images that they are about."""

from datetime import datetime
from typing import Literal, NamedTuple

TagStatus = Literal["tagged", "untagged", "any"]
Count = Literal["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", ""]


class ListedImage(NamedTuple):
    """An image or another artifact that can be pulled, as ECR lists it.

    Attributes:
        digest, tags: its names.
        pushed: when it was pushed; where it was in the archive, when it came back.
        pulled: its last pull since then, as far as ECR has noted one.
        subject: the digest of the image that it is about, as an SBOM has one; empty: it stands for itself.
        is_index: whether it names other images of the repository.
    """

    digest: str
    tags: tuple[str, ...]
    pushed: datetime
    pulled: datetime | None = None
    subject: str = ""
    is_index: bool = False


class LifecycleRule(NamedTuple):
    """A rule of a policy, for the images that are not archived.

    Attributes:
        priority: rules with a lower number come first.
        tag_status: which images it selects, by whether they have a tag.
        patterns: of a rule for tagged images: each of them must match one of the image's tags; `*` is any text.
        counts: what is counted; empty: something that is not known here.
        number: of images that stay, or of days after which none does.
        archives: whether the images are moved to the archive, from which nothing can be pulled, and not deleted.
        doubt: why nobody here can say what the rule does; empty: it is understood.
    """

    priority: int
    tag_status: TagStatus
    patterns: tuple[str, ...]
    counts: Count
    number: int
    archives: bool = False
    doubt: str = ""

    @property
    def is_by_number(self) -> bool:
        """Whether it keeps a number of images; otherwise it keeps them for a time."""
        return self.counts == "imageCountMoreThan"

    def __str__(self) -> str:
        """For the reader, in the policy's own words."""
        which = " ".join((self.tag_status, *self.patterns))
        return f"rule {self.priority} ({which}, {self.counts or 'unknown'} {self.number})"


class LifecyclePolicy(NamedTuple):
    """The policy of a repository; no rule: there is none. `doubt`: why it cannot be read; empty: it was."""

    rules: tuple[LifecycleRule, ...] = ()
    doubt: str = ""


class Lifecycle(NamedTuple):
    """The policy of a repository, and the images in it; without a policy nobody asks for them."""

    policy: LifecyclePolicy = LifecyclePolicy()
    images: tuple[ListedImage, ...] = ()
