"""Rules with several callers: each caller is held to the one table of cases in `tests/cases`."""
