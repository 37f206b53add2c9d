"""The machine's Maven builds small poms."""
