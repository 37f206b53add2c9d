"""The stages of a run: their contracts, what a caller hangs on to them, and the time that they take."""
