"""The vocabulary of the features."""
