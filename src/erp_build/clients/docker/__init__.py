"""The Docker engine, BuildKit, and the build contexts that are sent to them."""
