"""One file per outside thing; each is the only place that imports its SDK."""
