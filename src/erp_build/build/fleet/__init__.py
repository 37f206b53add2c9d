"""Builds of a run on machines of CodeBuild's own."""
