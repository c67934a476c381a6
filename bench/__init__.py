"""Benchmarks of a run: `make bench`."""
