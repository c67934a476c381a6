"""How much goes into one answer of a waterfall: the server's own affair, of which nothing is promised."""

VALUES_MAX = 5_000_000
"""Intensities, so that an answer is made in seconds."""


def rows_that_fit(asked: int, sensors: int, frequencies: int, values_max: int = VALUES_MAX) -> int:
    """As many of the rows that are asked for as hold no more intensities than that, but always one."""
    return min(asked, max(1, values_max // max(1, sensors * frequencies)))
