"""Invalid requests: listed, generated, and the verdict on each."""
