"""READINGS: what the host and the ledgers look like, read without blocking."""
