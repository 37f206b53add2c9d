"""Detects what changed since what runs: live state, baselines, comparison, plan, and reuse by content."""
