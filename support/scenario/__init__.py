"""What one scenario and one run hold, count and clean up."""
