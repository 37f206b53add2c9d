"""What is built anew although none of its files has changed: its base has moved, or a finding of it has a fix."""
