"""Readers and editors of other people's texts. They are pure: text in, values or text out."""
