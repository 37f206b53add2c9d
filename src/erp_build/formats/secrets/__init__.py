"""What is secret: by its name, by its looks, and in every form that a value is written in."""
