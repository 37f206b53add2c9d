"""Documents of registries: manifests, indexes and their media types (OCI image specification 1.1, Docker schema 2)."""
