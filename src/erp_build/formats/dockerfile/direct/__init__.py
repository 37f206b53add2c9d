"""Dockerfiles of which an image can be made without an engine: what is in the way, else the steps to the image."""
