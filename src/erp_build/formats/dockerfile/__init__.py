"""Dockerfiles: parsing, linting, and the lines that are added for labels and layers."""
