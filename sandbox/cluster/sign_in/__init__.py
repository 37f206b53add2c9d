"""The sign-in of EKS: the API server asks here who the bearer of a token is."""
