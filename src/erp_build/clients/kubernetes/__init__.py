"""The Kubernetes API of an EKS cluster."""
