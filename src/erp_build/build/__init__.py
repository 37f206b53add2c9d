"""Builds jars and images, pushes them, and runs the project's own quality checks."""
