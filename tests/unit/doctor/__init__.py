"""`doctor`: every check finds its trouble, and none where there is none."""
