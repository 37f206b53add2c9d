"""What runs prints: which logs there are, reading them side by side, and the first errors of what was deployed."""
