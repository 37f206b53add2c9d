"""Files on this machine: written whole or not at all, edited under a lock."""
