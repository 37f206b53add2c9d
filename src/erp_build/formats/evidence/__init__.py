"""Documents about an image: a CycloneDX bill of materials, and an in-toto statement with SLSA's provenance."""
