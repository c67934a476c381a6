"""What everything else stands on: kinds of failure, waiting, texts, files."""
