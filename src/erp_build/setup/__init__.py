"""From the files of a repository to its first erp-build.toml. It reads, and runs nothing of the repository."""
