"""This machine: its limits, its installed programs, and work for several items at once on it."""
