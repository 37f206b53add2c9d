"""SonarQube: the work on an analysis, and the quality gate of a project."""
