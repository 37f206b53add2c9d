"""Dockerfiles: their words, what is wrong in them, and what we add."""
