"""The machine below the sandbox: its processes, its Debian packages, and what of it the sandbox may touch."""
