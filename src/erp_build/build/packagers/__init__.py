"""Packagers: who makes what a Dockerfile takes."""
