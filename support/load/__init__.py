"""Load: when requests are due, sending them then, and the figures of what came of them."""
