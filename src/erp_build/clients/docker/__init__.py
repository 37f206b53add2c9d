"""The Docker engine, and what it is sent."""
