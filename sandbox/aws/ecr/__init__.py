"""The registry of ECR: sign-in, repositories that must exist, immutable tags, under its real host name."""
