"""Readers of logs: times, events of several lines, errors, the order of several logs."""
