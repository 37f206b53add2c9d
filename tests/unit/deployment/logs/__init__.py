"""Tests of reading the logs of a release."""
