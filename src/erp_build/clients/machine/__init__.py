"""This machine: its limits, and what is installed."""
