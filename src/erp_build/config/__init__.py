"""The configuration: erp-build.toml, the waiver file, the six parameters, and what CodeBuild says."""
