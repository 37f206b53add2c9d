"""Which files of a build context an image may take, where the context is more than the service's own directory."""
