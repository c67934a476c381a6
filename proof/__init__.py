"""Proof that the suite can fail: it is run against servers with one defect each, and against mutants of their code."""
