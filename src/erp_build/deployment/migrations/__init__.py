"""What a rollback does not undo: hooks, Jobs and migration files, foreseen before a deployment and found after it."""
