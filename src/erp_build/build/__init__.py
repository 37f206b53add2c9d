"""Jars and images: packaging, the engine, pushes, and the project's own quality checks."""
