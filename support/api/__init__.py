"""Speaking to the Focus Server."""
