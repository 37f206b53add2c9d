"""The template, created in stand-ins."""
