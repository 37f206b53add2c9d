"""The samples as Git repositories, and the commits that tests and the demo make in it."""
