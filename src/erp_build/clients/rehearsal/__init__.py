"""A rehearsal: writes are assumed, and reads show the real world with the assumed writes laid over it."""
