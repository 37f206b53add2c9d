"""The verbs of the command line, a file each: `configure` adds the options, `main` returns the exit code."""
