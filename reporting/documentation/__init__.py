"""The features as pages for people who write no code, and the vocabulary for those who write the next scenario."""
