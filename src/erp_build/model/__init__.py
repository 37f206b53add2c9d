"""The domain model: frozen values that the other packages exchange."""
