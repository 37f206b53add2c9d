"""The checks of the sources that run before an image is built, and how they ended."""
