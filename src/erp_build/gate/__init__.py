"""The gate: scans are awaited, read and judged, and only a passing image is cleared."""
