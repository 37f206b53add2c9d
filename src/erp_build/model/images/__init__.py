"""Images, their scans, and the gate's verdicts."""
