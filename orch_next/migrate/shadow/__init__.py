"""SHADOW RUN: the same reads to the old server and the new one, compared and timed."""
