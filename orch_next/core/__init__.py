"""RULES: records, what may happen to them, and the journal of what did."""
