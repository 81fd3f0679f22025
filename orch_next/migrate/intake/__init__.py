"""Logs and data on their way in: recognised, counted, never overwritten, never changed."""
