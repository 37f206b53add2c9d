"""Makes evidence about the images of a run and attaches it to them in the registry."""
