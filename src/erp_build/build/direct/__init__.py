"""Images without an engine: layers of a Dockerfile's COPY and WORKDIR, made as the engine makes them."""
