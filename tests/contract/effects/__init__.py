"""What the tools promise when they change something: the engine's API, and the effects that a run performs."""
