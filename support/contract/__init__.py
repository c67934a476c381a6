"""The contract's numbers, and configurations that keep it."""
