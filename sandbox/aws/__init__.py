"""The AWS that a run sees: the stand-in ministack, and before it a proxy that enforces IAM and fails on demand."""
