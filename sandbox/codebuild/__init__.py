"""A small CodeBuild: the phases of a buildspec, a privileged build container, and the runner image."""
