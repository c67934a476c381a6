"""Requests that no good client sends: listed, generated and judged."""
