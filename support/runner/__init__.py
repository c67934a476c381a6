"""Behave itself: the folder of a run, what it selects, the files that behave reads and writes."""
