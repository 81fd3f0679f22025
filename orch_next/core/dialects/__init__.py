"""Ways to write a ledger that are read but never written."""
