"""What is asked of a remote, and what is written to its branch."""
