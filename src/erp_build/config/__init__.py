"""Settings: the project file and the environment of a run."""
