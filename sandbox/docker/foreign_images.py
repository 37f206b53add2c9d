"""Images that the Dockerfiles of `examples/as-is` begin with or copy from, made here under their real names."""

import io
import tarfile

import docker
import docker.errors

from sandbox.component import Component
from sandbox.docker import engine, java_base_image

JAVA = (("eclipse-temurin", "17-jre-alpine"), ("public.ecr.aws/lambda/java", "17"))
"""Names of images with a Java: each is the sandbox's own one."""

ADAPTER = "public.ecr.aws/awsguru/aws-lambda-adapter:0.8.4"
"""An image of one file, which is copied out of it and which nothing here starts."""


class ForeignImages:
    """The names in the sandbox's engine."""

    name = "foreign images"

    def is_up(self) -> bool:
        """Whether the engine has every name."""
        try:
            with engine.client() as api:
                known = {tag for tags in engine.images(api).values() for tag in tags}
        except docker.errors.DockerException:
            return False
        return {ADAPTER, *map(":".join, JAVA)} <= known

    def up(self) -> None:
        """Name the Java image anew, and make the adapter's."""
        with engine.client() as api:
            java = api.images.get(":".join(java_base_image.IMAGE))
            for name in JAVA:
                java.tag(*name)
            api.images.build(fileobj=_adapter(), custom_context=True, tag=ADAPTER, rm=True)

    def down(self) -> None:
        """They go with the engine."""


def _adapter() -> io.BytesIO:
    """A folder to build the adapter's image of, as a tar."""
    buffer = io.BytesIO()
    files = {"Dockerfile": b"FROM scratch\nCOPY lambda-adapter /\n", "lambda-adapter": b"#!/bin/sh\n"}
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    buffer.seek(0)
    return buffer


FOREIGN_IMAGES: Component = ForeignImages()
