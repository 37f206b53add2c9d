"""Tests of what stands around the program: template, buildspecs, the vendored wheel, the sandbox's stand-ins."""
