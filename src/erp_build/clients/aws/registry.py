"""ECR: sign-in, what is stored, scans and tags."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from erp_build.clients.aws.session import error_code, translate_aws_errors
from erp_build.clients.secrets import Secrets
from erp_build.errors import GateInconclusive, PushFailed, TagTaken
from erp_build.formats.access_denied import read_denial
from erp_build.model.commit import is_full_commit
from erp_build.model.images.image import KEY_LABEL, REVISION_LABEL, StoredImage
from erp_build.model.images.scan import Scanning

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef

MANIFEST_MEDIA_TYPES: Sequence[str] = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
RENEW_SIGN_IN_BEFORE = timedelta(minutes=30)
"""A sign-in is renewed while there is still time for the longest push."""

FINDINGS_PER_PAGE = 1000
"""Findings of a page: the most that ECR gives."""

HTTP_FORBIDDEN = 403
PROBE_TAG = "erp-build-probe"
ALREADY_SCANNED = {"LimitExceededException"}
"""One manual scan in 24 hours, and a scan on push counts: this answer means that there is a scan to read."""

SCANNED_BY_REGISTRY = {"ValidationException"}
"""Enhanced scanning refuses manual scans, because it scans by itself."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a push and a pull need; `endpoint` has a scheme, an image's name has only the host behind it."""

    endpoint: str
    username: str
    password: str
    expires: datetime

    @property
    def host(self) -> str:
        """The first part of an image's name."""
        return self.endpoint.partition("://")[2]


class EcrRegistry:
    """The account's private registry.

    Args:
        client: for everything but scans.
        secrets: learns the sign-in.
        scans: for scans; it need not try twice, because the gate asks again by itself, and botocore would take "already
            scanned" for a trouble that passes. None: `client`.
    """

    def __init__(self, client: "ECRClient", secrets: Secrets, scans: "ECRClient | None" = None) -> None:
        self._client = client
        self._scans = scans or client
        self._secrets = secrets
        self._sign_in: SignIn | None = None

    def sign_in(self) -> SignIn:
        """The sign-in, renewed before it ends."""
        if self._sign_in is None or self._sign_in.expires - RENEW_SIGN_IN_BEFORE < datetime.now(UTC):
            with translate_aws_errors("ecr:GetAuthorizationToken", "the registry", PushFailed):
                data = self._client.get_authorization_token()["authorizationData"][0]
            token = data["authorizationToken"]
            username, _, password = base64.b64decode(token).decode().partition(":")
            for secret in (token, password):
                self._secrets.add(secret)
            self._sign_in = SignIn(data["proxyEndpoint"].rstrip("/"), username, password, data["expiresAt"])
        return self._sign_in

    def forget_sign_in(self) -> None:
        """Have the next sign-in asked for anew, because the registry does not take this one any more."""
        self._sign_in = None

    def host(self) -> str:
        """The registry's host, as GetAuthorizationToken names it."""
        return self.sign_in().host

    def missing_repositories(self, repositories: Iterable[str]) -> tuple[str, ...]:
        """Those of the repositories that do not exist; asked by BatchGetImage, which a role that pushes may call."""
        return tuple(name for name in repositories if self._images(name, {"imageTag": PROBE_TAG}) is None)

    def stored(self, repository: str, reference: str) -> StoredImage | None:
        """The image with a tag or digest, or None."""
        images = self._images(
            repository, {"imageDigest": reference} if reference.startswith("sha256:") else {"imageTag": reference}
        )
        return images[0] if images else None

    def revision(self, image: StoredImage) -> str | None:
        """The commit of the image's label, from its configuration; None for an index and where no label names one.

        Other builders write a branch there, which would be compared as it is today and not as it was built.
        """
        label = self._label(image, REVISION_LABEL)
        return label if label and is_full_commit(label) else None

    def key(self, image: StoredImage) -> str | None:
        """The content key of the image's label; None as above."""
        return self._label(image, KEY_LABEL)

    def platform(self, image: StoredImage) -> str:
        """What the image runs on, such as `linux/amd64`, from its configuration; empty where that does not say."""
        found = self._configuration(image)
        return f"{found['os']}/{found['architecture']}" if found.get("os") and found.get("architecture") else ""

    def _label(self, image: StoredImage, name: str) -> str | None:
        labels: dict[str, str] = self._configuration(image).get("config", {}).get("Labels") or {}
        return labels.get(name)

    def _configuration(self, image: StoredImage) -> dict[str, Any]:
        config = json.loads(image.manifest).get("config", {}).get("digest")
        if not config:
            return {}
        sign_in = self.sign_in()
        url = f"{sign_in.endpoint}/v2/{image.repository}/blobs/{config}"
        try:
            answer = requests.get(url, auth=(sign_in.username, sign_in.password), timeout=(5, 30))
            if denial := read_denial(answer.text if answer.status_code == HTTP_FORBIDDEN else ""):
                raise PushFailed(
                    f"{denial.action} is not allowed",
                    where=f"{image.repository}@{image.digest}",
                    why=answer.text,
                    next_step=denial.next_step,
                )
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except requests.RequestException as error:
            raise PushFailed(
                "the registry does not give an image's configuration",
                where=f"{image.repository}@{image.digest}",
                why=str(error),
                next_step="allow ecr:GetDownloadUrlForLayer to the role, or run again",
            ) from error
        return found

    def pushed_at(self, repository: str, digest: str) -> datetime:
        """When the image was pushed last."""
        with translate_aws_errors("ecr:DescribeImages", f"{repository}@{digest}", GateInconclusive):
            answer = self._client.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
        for detail in answer["imageDetails"]:
            if found := detail.get("imagePushedAt"):
                return found
        raise GateInconclusive(
            "the registry does not say when an image was pushed",
            where=f"{repository}@{digest}",
            why="without it nobody knows whether a scan is newer",
            next_step="look at the image in ECR, then run again",
        )

    def scanning(self, repository: str) -> Scanning:
        """How the repository is scanned, from two calls that a role need not be allowed to make."""
        found = Scanning()
        try:
            configuration = self._client.batch_get_repository_scanning_configuration(repositoryNames=[repository])
            for one in configuration.get("scanningConfigurations", ()):
                found = found._replace(frequency=str(one.get("scanFrequency", "")))
            kind = self._client.get_registry_scanning_configuration().get("scanningConfiguration", {}).get("scanType")
        except (ClientError, BotoCoreError) as error:
            why = error_code(error) if isinstance(error, ClientError) else str(error)
            action = "ecr:BatchGetRepositoryScanningConfiguration, ecr:GetRegistryScanningConfiguration"
            if denial := read_denial(str(error)):
                action, why = denial.action, f"{why}, {denial.next_step}"
            return found._replace(
                doubt=f"how the registry scans is not known ({action}: {why}); each scan is read twice"
            )
        return found._replace(enhanced={"ENHANCED": True, "BASIC": False}.get(str(kind)))

    def scan_page(self, repository: str, digest: str, token: str | None) -> Mapping[str, Any]:
        """A page of DescribeImageScanFindings; an error comes as `{"Error": {"Code", "Message"}}`."""
        image: ImageIdentifierTypeDef = {"imageDigest": digest}
        ask = self._scans.describe_image_scan_findings
        try:
            if token:
                return ask(repositoryName=repository, imageId=image, maxResults=FINDINGS_PER_PAGE, nextToken=token)
            return ask(repositoryName=repository, imageId=image, maxResults=FINDINGS_PER_PAGE)
        except ClientError as error:
            return error.response
        except BotoCoreError as error:
            return {"Error": {"Code": "ConnectionError", "Message": str(error)}}

    def start_scan(self, repository: str, digest: str) -> bool:
        """Ask for a scan; False where one was made in the last 24 hours or is made by the registry itself."""
        with translate_aws_errors("ecr:StartImageScan", f"{repository}@{digest}", GateInconclusive):
            try:
                self._scans.start_image_scan(repositoryName=repository, imageId={"imageDigest": digest})
            except ClientError as error:
                if error_code(error) not in ALREADY_SCANNED | SCANNED_BY_REGISTRY:
                    raise
                return False
        return True

    def put_tag(self, image: StoredImage, tag: str) -> None:
        """Give the image another tag: its manifest, byte for byte, so that the digest stays."""
        with translate_aws_errors("ecr:PutImage", f"{image.repository}:{tag}", PushFailed):
            try:
                self._client.put_image(
                    repositoryName=image.repository,
                    imageManifest=image.manifest,
                    imageManifestMediaType=image.media_type,
                    imageTag=tag,
                    imageDigest=image.digest,
                )
            except ClientError as error:
                if error_code(error) == "ImageTagAlreadyExistsException":
                    self._refuse_taken_tag(image, tag)
                elif error_code(error) != "ImageAlreadyExistsException":
                    raise

    def _refuse_taken_tag(self, image: StoredImage, tag: str) -> None:
        """Raise `TagTaken` unless an immutable tag names this very image already."""
        taken = self.stored(image.repository, tag)
        if taken is None or taken.digest != image.digest:
            raise TagTaken(
                "the tag is taken",
                where=f"{image.repository}:{tag}",
                why=f"tags are immutable, and it names {taken.digest[:19] if taken else 'another image'}",
                next_step="let tags be mutable, or exclude this one from immutability",
            )

    def _images(self, repository: str, image: "ImageIdentifierTypeDef") -> list[StoredImage] | None:
        """The images with an identifier; None when there is no such repository."""
        with translate_aws_errors("ecr:BatchGetImage", repository, PushFailed):
            try:
                answer = self._client.batch_get_image(
                    repositoryName=repository, imageIds=[image], acceptedMediaTypes=MANIFEST_MEDIA_TYPES
                )
            except ClientError as error:
                if error_code(error) == "RepositoryNotFoundException":
                    return None
                raise
        return [
            StoredImage(
                repository=repository,
                digest=item["imageId"]["imageDigest"],
                media_type=item.get("imageManifestMediaType") or json.loads(item["imageManifest"])["mediaType"],
                manifest=item["imageManifest"],
            )
            for item in answer["images"]
        ]
