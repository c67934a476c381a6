"""The base of all other packages: kinds of failure, waiting, texts, files."""
