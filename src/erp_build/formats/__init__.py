"""Readers and editors of the formats of other tools. They are pure: text in, values or text out."""
