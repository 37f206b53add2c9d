"""What the tools promise about the `helm` program, versions 3 and 4."""
