"""What the values look like to a reader or a program."""
