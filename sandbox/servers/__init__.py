"""Small servers that stand in for what a cloud would answer."""
