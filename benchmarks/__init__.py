"""Measured figures, never timed tests: see README.md."""
