"""What the tools promise about a cluster: sign-in, the files that lead to it, and what of a release runs there."""
