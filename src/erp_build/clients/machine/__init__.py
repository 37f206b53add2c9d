"""This machine: its limits, and its installed programs."""
