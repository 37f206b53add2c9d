"""How long an image took to build and push, and how large it is."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildTimings:
    """How long an image took to build and push, and how large it is.

    Attributes:
        maven, image, push: seconds.
        ready, began, ended: when the jar was complete, the image build began and the push ended, in seconds since the
            build stage began. Gaps between the parts are time queued for a worker slot.
        bytes_pushed: bytes that the push moved, before compression.
        size, stored: bytes in the engine, and compressed in the registry.
        layered: whether the jar's dependencies are a layer of their own.
    """

    maven: float = 0.0
    image: float = 0.0
    push: float = 0.0
    ready: float = 0.0
    began: float = 0.0
    ended: float = 0.0
    bytes_pushed: int = 0
    size: int = 0
    stored: int = 0
    layered: bool = False
