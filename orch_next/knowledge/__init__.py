"""MEMORY: what was done, how to find it again, and what can be learned from it."""
