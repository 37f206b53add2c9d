"""Nothing older goes over something newer: what a run asks and compares before and behind its effects."""
