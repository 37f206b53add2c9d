"""The run and its stages over the fakes."""
