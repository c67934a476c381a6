"""What the steps stand on: the client, the observers, waiting, counting, evidence, settings and clean-up."""
