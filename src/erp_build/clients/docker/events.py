"""The engine's responses: streams of events. An error is just another event, behind the HTTP status 200."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from erp_build.clients.process import tail
from erp_build.errors import BuildFailed, PushFailed, TagTaken, first_hint
from erp_build.formats.access_denied import read_denial
from erp_build.formats.maven.log import plain
from erp_build.formats.messages import catalogue
from erp_build.formats.pull_refusal import pull_hint
from erp_build.formats.transient import push_text_passes
from erp_build.model.images.image import PushedImage

Event = Mapping[str, Any]


VANISHED = (
    'unable to find image "sha256:',
    "no such image: sha256:",
    "failed to get digest sha256:",
    "unknown parent image id sha256:",
)
"""What the engine says, in small letters, of an image that somebody removed while a build took it from the cache."""

WHILE_REMOVED = "run again while nothing removes images of this engine (docker rmi, docker system prune)"


class ImageVanished(BuildFailed):
    """Somebody removed a cached image that the build was about to take; the same build succeeds a moment later."""

    passes = True


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
            if any(text in str(event["error"]).lower() for text in VANISHED):
                raise ImageVanished("the image was not built", where=where, why=why, next_step=WHILE_REMOVED)
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
    hint = denial.next_step if denial else first_hint(catalogue("docker")["push"], error, "run again")
    return kind("the registry refused the image", where=where, why=error, next_step=hint)


def hint_of(error: str, otherwise: str, *, pushing: bool, image: str = "") -> str:
    """Return what to do about an error of the engine itself; it uses the same words as in a stream.

    `image` is what was pulled, as far as the caller knows it.
    """
    hints = catalogue("docker")
    hint = first_hint({**hints["build"], **(hints["push"] if pushing else {})}, error, "")
    return hint or ("" if pushing else pull_hint(error, image)) or otherwise
