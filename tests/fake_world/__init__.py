"""Fakes that hold state: a small world that a run really changes, in memory."""
