"""What is kept for the reader of a report."""
