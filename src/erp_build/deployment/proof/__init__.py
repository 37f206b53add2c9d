"""The proof of a deployment: what was built is what was scanned is what runs, and no alarm is on."""
