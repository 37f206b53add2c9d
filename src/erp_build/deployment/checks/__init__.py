"""Checks of the release before the first write: where it lands, what it would lose, what it would be watched for."""
