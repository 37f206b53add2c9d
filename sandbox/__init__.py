"""The real world in a box: everything that a run touches, on one machine, on loopback addresses only."""
