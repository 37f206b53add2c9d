"""The stages of a run, a file each: take tools and a value, return the next value."""
