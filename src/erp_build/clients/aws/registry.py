"""ECR: sign-in, stored images, scans and tags."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from erp_build.clients.aws.image_configuration import ImageConfigurations
from erp_build.clients.aws.repositories.lifecycle import read_lifecycle
from erp_build.clients.aws.repositories.made_by_push import prefixes_made_by_push
from erp_build.clients.aws.repositories.scanning import read_scan_type, read_scanning
from erp_build.clients.aws.session import (
    UNREADABLE_OF_AWS,
    translate_aws_errors,
)
from erp_build.clients.aws.sign_in import EcrSignIn, SignIn
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.machine.parallel import ask_at_once, asked_once
from erp_build.clients.secrets import Secrets
from erp_build.errors import GateInconclusive, PushFailed, TagTaken
from erp_build.formats.oci.media_types import DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from erp_build.model.commit import is_full_commit
from erp_build.model.images.image import (
    BASE_DIGEST_LABEL,
    BASE_NAME_LABEL,
    KEY_LABEL,
    REVISION_LABEL,
    StoredImage,
    manifest_checked,
)
from erp_build.model.images.lifecycle import Lifecycle
from erp_build.model.images.scan import Scanning

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import BatchGetImageResponseTypeDef, ImageIdentifierTypeDef, ImageTypeDef

MANIFEST_MEDIA_TYPES: Sequence[str] = (DOCKER_MANIFEST, OCI_MANIFEST, DOCKER_INDEX, OCI_INDEX)
"""What BatchGetImage may return: single images and indexes, of Docker and of OCI."""

IMAGES_PER_CALL = 100
"""The limit of BatchGetImage."""

FINDINGS_PER_PAGE = 1000
"""The limit of DescribeImageScanFindings."""

PROBE_TAG = "erp-build-probe"


@reads_answers_of("ECR", PushFailed, UNREADABLE_OF_AWS)
class EcrRegistry:
    """A private registry: the account's own, or another one.

    Args:
        client: of ECR, which asks for the images of that registry.
        secrets: gets the sign-in, so that it is masked.
        host: of the registry; empty: that of the caller's account and region.
    """

    def __init__(self, client: "ECRClient", secrets: Secrets, host: str = "") -> None:
        self._client = client
        self._ecr = EcrSignIn(client, secrets)
        self._host = host
        self._configurations = ImageConfigurations(self.sign_in)
        # Of the registry as a whole.
        self._scan_type = asked_once(partial(read_scan_type, client))
        self._lifecycles = cache(partial(read_lifecycle, client))

    def sign_in(self) -> SignIn:
        """Return the sign-in; it is renewed before it expires."""
        given = self._ecr.sign_in()
        return replace(given, endpoint=f"{given.endpoint.partition('://')[0]}://{self._host}") if self._host else given

    def forget_sign_in(self) -> None:
        """Drop the cached sign-in, because the registry does not accept it any more."""
        self._ecr.forget()

    def host(self) -> str:
        """The registry's host: the given one, or as GetAuthorizationToken names it."""
        return self._host or self.sign_in().host

    def missing_repositories(self, repositories: Iterable[str]) -> tuple[str, ...]:
        """Return the repositories that do not exist, and that no push makes.

        BatchGetImage tells, because a role that pushes may call it; it need not have DescribeRepositories.
        """
        asked = tuple(repositories)
        answers = ask_at_once(lambda name: self._images(name, [{"imageTag": PROBE_TAG}]), asked)
        missing = [name for name, answer in zip(asked, answers, strict=True) if answer is None]
        made = prefixes_made_by_push(self._client) if missing else ()
        return tuple(name for name in missing if not any(name.startswith(prefix) for prefix in made))

    def stored(self, repository: str, reference: str) -> StoredImage | None:
        """The image with a tag or digest, or None."""
        return self._images_named(repository, (reference,))[reference]

    def stored_each(self, repository: str, references: Sequence[str]) -> tuple[StoredImage | None, ...]:
        """The images with these tags and digests, in their order; None for one that is not there.

        One call answers for up to `IMAGES_PER_CALL` of them. What an answer leaves in doubt is asked for alone.
        """
        wanted = list(dict.fromkeys(references))
        found: dict[str, StoredImage | None] = {}
        for start in range(0, len(wanted), IMAGES_PER_CALL):
            found |= self._images_named(repository, wanted[start : start + IMAGES_PER_CALL])
        return tuple(found[reference] for reference in references)

    def _images_named(self, repository: str, references: Sequence[str]) -> dict[str, StoredImage | None]:
        answer = self._images(repository, [_identifier(one) for one in references])
        if answer is None:
            return dict.fromkeys(references)
        if len(references) == 1:
            return {references[0]: _stored(repository, answer["images"][0]) if answer["images"] else None}
        found: dict[str, StoredImage | None] = dict.fromkeys(_missing(answer))
        for item in answer["images"]:
            # Of an image with several tags, an answer may name another one than was asked for.
            found |= dict.fromkeys(map(str, item["imageId"].values()), _stored(repository, item))
        for reference in references:
            if reference not in found:
                found |= self._images_named(repository, (reference,))
        return {reference: found[reference] for reference in references}

    def revision(self, image: StoredImage) -> str | None:
        """Return the full commit of the image's label; None for an index, and for a label that holds no full commit.

        Other builders write a branch there. Its commit today need not be the commit that the image was built from.
        """
        return label if (label := self._label(image, REVISION_LABEL)) and is_full_commit(label) else None

    def key(self, image: StoredImage) -> str | None:
        """The content key of the image's label; None as above."""
        return self._label(image, KEY_LABEL)

    def base(self, image: StoredImage) -> tuple[str, str]:
        """Name and digest of the base image, by the image's labels; empty where it has none."""
        return self._label(image, BASE_NAME_LABEL) or "", self._label(image, BASE_DIGEST_LABEL) or ""

    def platform(self, image: StoredImage) -> str:
        """What the image runs on, such as `linux/amd64`, from its configuration; empty where that does not say."""
        found = self._configurations.of(image)
        return f"{found['os']}/{found['architecture']}" if found.get("os") and found.get("architecture") else ""

    def _label(self, image: StoredImage, name: str) -> str | None:
        labels: dict[str, str] = (self._configurations.of(image).get("config") or {}).get("Labels") or {}
        return labels.get(name)

    def pushed_at(self, repository: str, digest: str) -> datetime:
        """When the image was pushed last."""
        with translate_aws_errors("ecr:DescribeImages", f"{repository}@{digest}", GateInconclusive):
            answer = self._client.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
        for detail in answer.get("imageDetails") or ():
            if found := detail.get("imagePushedAt"):
                return found
        raise GateInconclusive(
            "the registry does not say when an image was pushed",
            where=f"{repository}@{digest}",
            why="without that time no scan can be proven newer than the push",
            next_step="look at the image in ECR, then run again",
        )

    def scanning(self, repository: str) -> Scanning:
        """Read how the repository is scanned; without the two permissions the answer is "unknown", and no error.

        Raises `GateInconclusive` where the registry cannot answer now.
        """
        return read_scanning(self._client, repository, self._scan_type)

    def lifecycle(self, repository: str) -> Lifecycle:
        """The repository's lifecycle policy, and with one its images, as they were when first asked for."""
        return self._lifecycles(repository)

    def scan_page(self, repository: str, digest: str, token: str | None) -> Mapping[str, Any]:
        """A page of DescribeImageScanFindings; an error comes as `{"Error": {"Code", "Message"}}`."""
        # One page per call: botocore's paginator takes status and counts from the first page alone.
        page: Any = {"nextToken": token} if token else {}
        try:
            return self._client.describe_image_scan_findings(
                repositoryName=repository, imageId={"imageDigest": digest}, maxResults=FINDINGS_PER_PAGE, **page
            )
        except ClientError as error:
            # A value, no exception: the gate decides which errors are worth waiting for.
            return error.response
        except BotoCoreError as error:
            return {"Error": {"Code": "ConnectionError", "Message": str(error)}}
        except UNREADABLE_OF_AWS as error:
            # botocore stumbles over JSON of another form: something else than ECR has answered.
            return {"Error": {"Code": "ForeignAnswer", "Message": f"the answer does not have ECR's form: {error}"}}

    def start_scan(self, repository: str, digest: str) -> bool:
        """Ask for a scan; False where one was made in the last 24 hours or is made by the registry itself."""
        with (
            translate_aws_errors("ecr:StartImageScan", f"{repository}@{digest}", GateInconclusive),
            # ECR allows one scan in 24 hours and counts a scan on push: this error means that there is a scan to read.
            suppress(self._client.exceptions.LimitExceededException),
            # Enhanced scanning refuses manual scans, because it scans by itself.
            suppress(self._client.exceptions.ValidationException),
        ):
            self._client.start_image_scan(repositoryName=repository, imageId={"imageDigest": digest})
            return True
        return False

    def put_tag(self, image: StoredImage, tag: str) -> None:
        """Give the image another tag by putting the same manifest, byte for byte, so that its digest stays."""
        with (
            translate_aws_errors("ecr:PutImage", f"{image.repository}:{tag}", PushFailed),
            # A success: a run that was killed has put the same tag already.
            suppress(self._client.exceptions.ImageAlreadyExistsException),
        ):
            try:
                self._client.put_image(
                    repositoryName=image.repository,
                    imageManifest=image.manifest,
                    imageManifestMediaType=image.media_type,
                    imageTag=tag,
                    imageDigest=image.digest,
                )
            except self._client.exceptions.ImageTagAlreadyExistsException:
                self._refuse_taken_tag(image, tag)

    def _refuse_taken_tag(self, image: StoredImage, tag: str) -> None:
        """Raise `TagTaken` unless an immutable tag names this very image already."""
        taken = self.stored(image.repository, tag)
        if taken is None or taken.digest != image.digest:
            raise TagTaken(
                "the tag is taken",
                where=f"{image.repository}:{tag}",
                why=f"tags are immutable, and it names {taken.digest[:19] if taken else 'another image'}",
                next_step="make tags mutable, or exclude this tag from immutability",
            )

    def _images(
        self, repository: str, images: "Sequence[ImageIdentifierTypeDef]"
    ) -> "BatchGetImageResponseTypeDef | None":
        """What ECR has of some images; None when there is no such repository."""
        with (
            translate_aws_errors("ecr:BatchGetImage", repository, PushFailed),
            suppress(self._client.exceptions.RepositoryNotFoundException),
        ):
            return self._client.batch_get_image(
                repositoryName=repository, imageIds=images, acceptedMediaTypes=MANIFEST_MEDIA_TYPES
            )
        return None


def _identifier(reference: str) -> "ImageIdentifierTypeDef":
    return {"imageDigest": reference} if reference.startswith("sha256:") else {"imageTag": reference}


def _stored(repository: str, item: "ImageTypeDef") -> StoredImage:
    return StoredImage(
        repository=repository,
        digest=item["imageId"]["imageDigest"],
        media_type=item.get("imageManifestMediaType") or json.loads(item["imageManifest"])["mediaType"],
        manifest=manifest_checked(item["imageManifest"]),
    )


def _missing(answer: "BatchGetImageResponseTypeDef") -> Iterator[str]:
    """The tags and digests that are not there: no error, but listed in `failures`, behind the status 200."""
    for failure in answer.get("failures") or ():
        named = failure.get("imageId") or {}
        yield from (named[key] for key in ("imageDigest", "imageTag") if key in named)
