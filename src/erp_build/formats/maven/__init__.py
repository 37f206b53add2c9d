"""Maven: the lines of its log, and why it failed."""
