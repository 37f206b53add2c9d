"""Texts for a terminal or a log."""
