"""What a rollback does not undo."""
