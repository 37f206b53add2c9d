"""Evidence about the images of a run."""
