"""Evidence: the documents about an image."""
