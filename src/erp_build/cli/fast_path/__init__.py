"""Start-up: what makes `plan` quick. Nothing else needs to know how."""
