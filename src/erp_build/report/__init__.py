"""What a run leaves behind: one document, and the forms that are made of it."""
