"""The configuration: erp-build.toml, the waiver file, the six parameters, and CodeBuild's variables."""
