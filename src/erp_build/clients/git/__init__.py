"""Git: commands that read, and one write to a branch of the remote."""
