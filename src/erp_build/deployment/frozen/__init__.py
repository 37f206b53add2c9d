"""A plan that is approved: frozen into a file, and done exactly so by a later run, or not at all."""
