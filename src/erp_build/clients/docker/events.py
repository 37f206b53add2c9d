"""The engine's responses: streams of events. An error is just another event, behind the HTTP status 200."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from erp_build.clients.process import tail
from erp_build.errors import BuildFailed, PushFailed, TagTaken, first_hint
from erp_build.formats.access_denied import read_denial
from erp_build.formats.maven.log import plain
from erp_build.formats.pull_refusal import pull_hint
from erp_build.formats.transient import push_text_passes
from erp_build.model.images.image import PushedImage

Event = Mapping[str, Any]


class PushBroke(PushFailed):
    """The connection of a push broke; another attempt may succeed."""

    passes = True


class SignInEnded(PushBroke):
    """The registry does not accept the sign-in any more."""


def read_build(events: Iterable[Event], *, where: str, on_line: Callable[[str], None]) -> None:
    """Read a build's events to the end; an error event, or an end without an image, raises `BuildFailed`."""
    lines: list[str] = []
    built = False
    for event in events:
        if "error" in event:
            why = f"{tail(chr(10).join(lines), 5)}\n{event['error']}".strip()
            next_step = hint_of(event["error"], "docker build in the service's directory shows the same", pushing=False)
            raise BuildFailed("the image was not built", where=where, why=why, next_step=next_step)
        text = plain(str(event.get("stream", ""))).strip()
        # Engines differ: some send the image's id in `aux`, some only the text.
        built = built or "ID" in event.get("aux", {}) or text.startswith("Successfully built")
        if text:
            lines.append(text)
            on_line(text)
    if not built:
        why = tail("\n".join(lines), 5) or "the engine's response ended early"
        raise BuildFailed("the engine ended without an image", where=where, why=why, next_step="run again")


def read_pull(events: Iterable[Event], *, where: str, on_line: Callable[[str], None]) -> None:
    """Read a pull's events to the end; an error event raises `BuildFailed`."""
    for event in events:
        if "error" in event:
            next_step = hint_of(event["error"], "check the reference after FROM", pushing=False, image=where)
            raise BuildFailed("the base image cannot be pulled", where=where, why=event["error"], next_step=next_step)
        if "progress" not in event:
            on_line(str(event.get("status", "")))


def read_push(events: Iterable[Event], *, where: str, on_bytes: Callable[[int], None] = lambda _: None) -> PushedImage:
    """Read a push's events to the end; an error event, or no digest, raises `PushFailed`.

    The engine answers 200 before it has pushed anything: neither the status nor the last line of progress proves it.
    """
    digest = ""
    sent: dict[str, int] = {}
    for event in events:
        if "error" in event:
            raise _refused(str(event["error"]), where)
        if event.get("status") == "Pushing":
            layer, now = str(event.get("id", "")), int((event.get("progressDetail") or {}).get("current", 0))
            sent[layer] = max(now, sent.get(layer, 0))
            on_bytes(sum(sent.values()))
        digest = str((event.get("aux") or {}).get("Digest", digest))
    if not digest.startswith("sha256:"):
        why = "the engine's response ended without one"
        raise PushBroke("the push has no digest", where=where, why=why, next_step="run again")
    return PushedImage(digest, sum(sent.values()))


def _refused(error: str, where: str) -> PushFailed:
    lowered = error.lower()
    kind: type[PushFailed] = PushBroke if push_text_passes(error) else PushFailed
    if "expired" in lowered or "authentication required" in lowered:
        kind = SignInEnded
    elif "immutable" in lowered:
        kind = TagTaken
    denial = read_denial(error)
    hint = denial.next_step if denial else first_hint(PUSH_HINTS, error, "run again")
    return kind("the registry refused the image", where=where, why=error, next_step=hint)


BUILD_HINTS = {
    "no space left": "free disk space (docker system prune), or choose a larger host",
    "exec format error": "the base image is for another platform: name it by a reference for the host's platform",
}

PUSH_HINTS = {
    # The engine asks for a layer with a HEAD request, and its response has no body that could name the action.
    "403 response body: unexpected end": "add ecr:BatchCheckLayerAvailability to the role's policy",
    "does not exist": "create the repository, or correct `repository` in erp-build.toml",
    "name unknown": "create the repository, or correct `repository` in erp-build.toml",
    "immutable": "this tag is already taken by another image: commit again, or delete the image",
    "expired": "run again: the sign-in is renewed",
    "authentication required": "run again: the sign-in is renewed",
    "denied": "allow ecr:InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload and PutImage to the role",
    "no basic auth": "allow ecr:GetAuthorizationToken to the role",
    "403": "the repository may have reached its quota of images: delete old images",
}


def hint_of(error: str, otherwise: str, *, pushing: bool, image: str = "") -> str:
    """Return what to do about an error of the engine itself; it uses the same words as in a stream.

    `image` is what was pulled, as far as the caller knows it.
    """
    hint = first_hint({**BUILD_HINTS, **(PUSH_HINTS if pushing else {})}, error, "")
    return hint or ("" if pushing else pull_hint(error, image)) or otherwise
