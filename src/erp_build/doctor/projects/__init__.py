"""What CodeBuild projects are, and what their roles may do: that of the runs, and that of their workers."""
