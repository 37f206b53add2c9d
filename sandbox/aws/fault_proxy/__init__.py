"""The proxy before ministack: scripted faults, scans of images, and the enforcement of IAM on every call."""
