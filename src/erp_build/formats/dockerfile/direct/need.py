"""Whether the image of a Dockerfile is made by a Docker engine, and why."""

from collections.abc import Mapping

from erp_build.formats.dockerfile.direct.reading import NO_ARGUMENTS, obstacles_of
from erp_build.formats.dockerfile.direct.recipe import Obstacle

OF_THE_ENGINE = ("classic", "buildkit")
"""Builders that are the engine's own: `builder` of [build] names one for every image."""


def why_engine(
    text: str, builder: str, *, target: str = "", arguments: Mapping[str, str] = NO_ARGUMENTS
) -> tuple[Obstacle, ...]:
    """Why an engine makes the image of a Dockerfile, as far as the text tells; empty: none is needed.

    Args:
        text: the Dockerfile.
        builder: as in the configuration.
        target: name of the final stage; empty: the last one.
        arguments: of the build.
    """
    if builder in OF_THE_ENGINE:
        return (Obstacle(0, f'builder = "{builder}" in [build]'),)
    return obstacles_of(text, target=target, arguments=arguments)
