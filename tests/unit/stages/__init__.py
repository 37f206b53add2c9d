"""The stages of a run, each over the fakes."""
