"""Measure ORCH-Next against bare frameworks and bare writes; `python -m benchmarks.bench`."""
