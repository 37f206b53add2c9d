"""The `helm` program."""
