"""Registries by their own API (OCI distribution specification 1.1): base images are read, images are pushed."""
