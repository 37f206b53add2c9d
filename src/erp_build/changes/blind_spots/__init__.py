"""What a comparison of Git does not see: files behind links, and names of the configuration that mean nothing."""
