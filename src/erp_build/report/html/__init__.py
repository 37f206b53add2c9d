"""The report of a run as one page that needs nothing else: no script, no font, no request."""
