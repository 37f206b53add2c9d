"""Commands of the house that are not shipped."""
