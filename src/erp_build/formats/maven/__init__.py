"""Reads Maven's files and its log: the poms of a tree and how they lean on each other, and why Maven failed."""
