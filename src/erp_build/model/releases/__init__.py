"""Releases and what runs of them: the cluster's objects, locks, deployments and their proof."""
