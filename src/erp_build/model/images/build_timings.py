"""What it took to make an image."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """What it took to make an image.

    Attributes:
        maven, image, push: seconds.
        ready, began, ended: when the jar was complete, the image begun and the push over, in seconds since the run's
            images were begun. Gaps are time queued for a worker slot.
        sent: bytes that the push moved, before compression.
        size, stored: bytes in the engine, and compressed in the registry.
        layered: whether the jar's dependencies are a layer of their own.
    """

    maven: float = 0.0
    image: float = 0.0
    push: float = 0.0
    ready: float = 0.0
    began: float = 0.0
    ended: float = 0.0
    sent: int = 0
    size: int = 0
    stored: int = 0
    layered: bool = False
