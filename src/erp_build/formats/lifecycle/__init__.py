"""ECR's lifecycle policies: what they say, what they remove, and which of it is needed."""
