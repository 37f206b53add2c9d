"""Manifests and objects of Kubernetes, as texts and as values."""
