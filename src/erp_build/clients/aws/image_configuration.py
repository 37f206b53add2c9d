"""The configuration of an image, which holds its labels and its platform: read from the registry itself."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

# Not where it is first used: threads that load it beside each other (this one, and those of the cluster's and the
# engine's SDKs, which load it too) break the circle of imports in it, and one of them finds a half of it.
import requests
from requests import ConnectionError as Unconnected
from requests import RequestException, Timeout

from erp_build.clients.aws.session import is_wrong_certificate
from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.calls import CallTimedOut, within
from erp_build.errors import PushFailed
from erp_build.formats.access_denied import read_denial
from erp_build.formats.json_text import parsed_json
from erp_build.formats.transient import PASSING_STATUSES, retry_after
from erp_build.model.images.image import StoredImage

REGISTRY_CALL_S = 60.0
"""Seconds for one answer of the registry itself, with its whole body."""

HTTP_FORBIDDEN = 403


class ImageConfigurations:
    """Asks for each configuration once: the digest of an image names these bytes.

    Args:
        sign_in: gives the sign-in of the registry.
    """

    def __init__(self, sign_in: Callable[[], SignIn]) -> None:
        self._sign_in = sign_in
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, image: StoredImage) -> dict[str, Any]:
        """The configuration; an index has none, which is an empty one."""
        # Two threads that ask for one image at once get the same answer.
        if image.digest not in self._known:
            self._known[image.digest] = self._read(image)
        return self._known[image.digest]

    def _read(self, image: StoredImage) -> dict[str, Any]:
        config = (json.loads(image.manifest).get("config") or {}).get("digest")
        if not config:
            return {}
        sign_in = self._sign_in()
        url = f"{sign_in.endpoint}/v2/{image.repository}/blobs/{config}"
        try:
            ask = partial(requests.get, url, auth=(sign_in.username, sign_in.password), timeout=(5, 30))
            answer = within(REGISTRY_CALL_S, ask)
            if denial := read_denial(answer.text if answer.status_code == HTTP_FORBIDDEN else ""):
                raise PushFailed(
                    f"{denial.action} is not allowed",
                    where=f"{image.repository}@{image.digest}",
                    why=answer.text,
                    next_step=denial.next_step,
                )
            answer.raise_for_status()
            found: dict[str, Any] = parsed_json(answer.content)
        except (requests.RequestException, CallTimedOut) as error:
            answered = error.response if isinstance(error, requests.RequestException) else None
            wait = retry_after(answered.headers) if answered is not None else 0.0
            raise PushFailed(
                "the registry does not return an image's configuration",
                where=f"{image.repository}@{image.digest}",
                why=str(error),
                next_step="allow ecr:GetDownloadUrlForLayer to the role, or run again",
            ).passing(wait, if_so=_passes(error)) from error
        if not isinstance(found, dict):
            raise TypeError("the configuration of the image is no JSON object")
        return found


def _passes(error: RequestException | CallTimedOut) -> bool:
    """Whether an answer of the registry itself, or its silence, passes."""
    if isinstance(error, CallTimedOut):
        return True
    if error.response is not None:
        return error.response.status_code in PASSING_STATUSES
    return isinstance(error, Unconnected | Timeout) and not is_wrong_certificate(error)
