"""Reads Maven's log: its lines, and why Maven failed."""
