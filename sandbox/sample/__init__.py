"""The sample ERP as a Git repository, and the commits that tests and the demo make in it."""
