"""Signals at every stage of a real run, against stand-ins that hang, dribble and answer late."""
