"""Tests against the sandbox: a real engine, registry, Lambda, Kubernetes and Helm."""
